"""Why work did not go through, in the language of a page. What is kept with the work is the
sentence as it was raised, which the log repeats too; here it is found again, with what varies in
it, among those of `reasons.toml`. One of another version that does not stand there stays English.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Final

from routing.web.wording import Tongue, Wording, read_wording

TABLE: Final = Path(__file__).parent / "reasons.toml"
THINGS: Final = "thing"
"""The table's part of things that a sentence is about, which are none by themselves."""
DEEPEST: Final = 4
"""Sentences within each other: given up, by whom, why it cannot, what its process said."""
_NUMBER: Final = r"\d+(?:\.\d+)?"
_SHAPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("n", "s", "most", "status", "from", "until"), _NUMBER),
    **dict.fromkeys(("bits", "channels", "rate"), _NUMBER),
    "code": r"[\w.]+(?: [\w.]+)?",
    "file": r"(?:[A-Za-z]:)?[^:]+",
    "error": r"\w[\w ]*",
    "kind": r"\w+",
    "name": r"[^\s:]+",
}
"""What may stand in a slot; in any other, anything on one line."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the table's, by its id there, with what varies in it."""

    word: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A reason as a page says it, and the language that it is in."""

    text: str
    tongue: Tongue


class Reasons:
    """All that `wording` holds. Those that say more behind another's sentence are looked for first,
    then the longest."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._things = {
            english: f"{THINGS}.{name}" for name, english in wording.part(THINGS, Tongue.EN).items()
        }
        words = sorted(wording.ids() - set(self._things.values()))
        english = {word: wording.template(word, Tongue.EN) for word in words}
        ordered = sorted(words, key=lambda word: _rank(english[word]))
        self._shapes = [(word, re.compile(_shape(english[word]))) for word in ordered]
        self.read = lru_cache(1024)(self._read)

    def _read(self, sentence: str) -> Reason | None:
        """Which of the table's it is; None where it is none of them."""
        for word, shape in self._shapes:
            if found := shape.fullmatch(sentence):
                return Reason(word, found.groupdict())
        return None

    def told(self, sentence: str, tongue: Tongue) -> Told:
        """In the page's language; as it is, in English, where the table does not know it."""
        if tongue is Tongue.EN or (known := self._said(sentence, tongue, DEEPEST)) is None:
            return Told(sentence, Tongue.EN)
        return Told(known, tongue)

    def _said(self, sentence: str, tongue: Tongue, depth: int) -> str | None:
        reason = self.read(sentence) if depth else None
        if reason is None:
            return None
        slots = {
            slot: self._detail(slot, detail, tongue, depth)
            for slot, detail in reason.details.items()
        }
        return self._wording.say(reason.word, tongue, **slots)

    def _detail(self, slot: str, detail: str, tongue: Tongue, depth: int) -> str:
        if slot == "what" and detail in self._things:
            return self._wording.say(self._things[detail], tongue)
        if slot == "why":
            return self._said(detail, tongue, depth - 1) or detail
        return detail


@cache
def reasons() -> Reasons:
    """Those of the table beside this file."""
    return Reasons(read_wording([TABLE]))


def _parts(sentence: str) -> Iterator[tuple[str, str | None]]:
    for fixed, slot, _, _ in Formatter().parse(sentence):
        yield fixed, slot


def _rank(sentence: str) -> tuple[bool, int]:
    """Longer by the characters that do not vary."""
    fixed = sum(len(fixed) for fixed, _ in _parts(sentence))
    return not sentence.startswith("{why}"), -fixed


def _shape(sentence: str) -> str:
    shapes = (
        re.escape(fixed) + (f"(?P<{slot}>{_SHAPES.get(slot, '.+')})" if slot else "")
        for fixed, slot in _parts(sentence)
    )
    return "".join(shapes)
