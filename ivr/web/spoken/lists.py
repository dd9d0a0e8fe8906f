"""/admin/phrases: every phrase in both languages, found by its id, its words, or what it lacks."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ivr.library.plans import LANGUAGES
from ivr.web.spoken.desk import PHRASE, Seen, SpokenDesk, at_hand
from ivr.web.spoken.recordings import is_recorded
from routing.accounts.roles import Act
from routing.drafts.change import Entity
from routing.web.entry import allows
from routing.web.layout import page_beside

MOST_ASKED: Final = 100
LACKS: Final = ("words", "recording")
"""What a phrase may be asked to lack."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor looks for: a part of an id or of the words, in one language or any (""), and
    what is lacking ("" for all)."""

    words: str = ""
    language: str = ""
    lacks: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """From an address; what is not known asks for nothing."""
        language, lacks = query.get("language", ""), query.get("lacks", "")
        return cls(
            query.get("q", "").strip()[:MOST_ASKED],
            language if language in LANGUAGES else "",
            lacks if lacks in LACKS else "",
        )

    def fits(self, line: "Line") -> bool:
        """Whether a phrase is meant."""
        languages = (self.language,) if self.language else LANGUAGES
        texts = [str(line.words.get(language, "")) for language in languages]
        found = any(self.words.casefold() in text.casefold() for text in (line.phrase, *texts))
        lacking = line.lacks_words if self.lacks == "words" else line.lacks_recording
        return found and (not self.lacks or any(one in lacking for one in languages))


@dataclass(frozen=True, slots=True)
class Line:
    """One phrase; `lacks_…` are languages."""

    phrase: str
    words: Entity
    changed: bool
    lacks_words: tuple[str, ...]
    lacks_recording: tuple[str, ...]


def lines_of(seen: Seen, desk: SpokenDesk) -> Iterator[Line]:
    """All of them, as drafted."""
    for phrase, words in seen.rows(PHRASE).items():
        silent = {
            each.folder
            for each in seen.sentences(phrase, words)
            if each.fixed and not desk.prompts.has(each.text) and not is_recorded(seen, each)
        }
        yield Line(
            phrase,
            words,
            (PHRASE, phrase) in seen.changes,
            tuple(one for one in LANGUAGES if not str(words.get(one, "")).strip()),
            tuple(one for one in LANGUAGES if one in silent),
        )


async def show_all(request: web.Request, desk: SpokenDesk) -> web.StreamResponse:
    """GET /admin/phrases."""
    seen, asked = await at_hand(desk), Asked.of(request.query)
    every = await asyncio.to_thread(lambda: list(lines_of(seen, desk)))
    context: dict[str, Any] = {
        "asked": asked,
        "lines": [line for line in every if asked.fits(line)],
        "lacking": sum(bool(line.lacks_words) for line in every),
        "languages": LANGUAGES,
        "lacks": LACKS,
        "kept": "kept" in request.query,
        "may_edit": allows(request, Act.EDIT_PLAN),
    }
    return await page_beside(request, "spoken/phrases.html", context)
