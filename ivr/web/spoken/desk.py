"""What the pages of scripts and phrases have at hand: the newest published plan, the draft over it,
and both as entities. The pages change the draft alone (ADR 39, 41)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from ivr.flow.node import Script
from ivr.flow.phrasebook import Phrase, Phrasebook
from ivr.library.errors import LibraryError
from ivr.library.plans import LANGUAGES
from ivr.library.recordings import KIND as RECORDING
from ivr.library.scripts import load_script
from ivr.library.sentences import Numbered, numbered_of
from ivr.ports.prompts import Prompts
from routing.accounts.roles import MAY, Act, Actor
from routing.drafts.change import Author, Change, Draft, Edit, Entity
from routing.drafts.document import compose
from routing.drafts.kinds import Document, kind_of, shipped_phrases
from routing.publishing.desk import PublishingDesk
from routing.publishing.release import Newest
from routing.publishing.sight import Sight, compare
from routing.web.layout import Chapter, Link

SPOKEN_PAGES: Final = Chapter("spoken", Path(__file__).parent)
PHRASES_LINK: Final = Link("/admin/phrases", "phr.title", MAY[Act.READ_PLAN])
SCRIPTS_LINK: Final = Link("/admin/scripts", "scr.title", MAY[Act.READ_PLAN])
PHRASE: Final = "phrase"
SCRIPT: Final = "script"
MAIN: Final = "main"
"""The key of the one script that a plan has."""
KINDS: Final = (PHRASE, SCRIPT, RECORDING)


@dataclass(frozen=True, slots=True)
class SpokenDesk:
    """The draft and the published plans, and what is recorded."""

    publishing: PublishingDesk
    prompts: Prompts

    async def save(self, edit: Edit, sight: Sight, actor: Actor) -> None:
        """Into the draft, where it was seen as it stands. Raises Conflict."""
        await compare(self.publishing.releases, edit, sight)
        by = Author(actor.account, actor.name)
        await self.publishing.drafts.save([edit], by, self.publishing.clock.now())


@dataclass(frozen=True, slots=True)
class Seen:
    """One moment: the plan's number and body, the draft's changes of these kinds, and the body with
    them. `entities` are all of these kinds, `shipped` this version's words, `script` the menus as
    drafted (None while they cannot be read): read once, beside the loop."""

    number: int
    published: Document
    drafted: Document
    changes: Mapping[tuple[str, str], Change]
    entities: Mapping[str, Mapping[str, Entity]]
    shipped: Mapping[str, Entity]
    script: Script | None

    def rows(self, kind: str) -> Mapping[str, Entity]:
        """All of a kind, as drafted."""
        return self.entities[kind]

    def sight(self, kind: str, key: str) -> Sight:
        """What whoever looks at it now sees."""
        return Sight.of(self.changes.get((kind, key)), self.number)

    def edit(self, kind: str, key: str, body: Entity | None, sight: Sight) -> Edit:
        """The edit that puts a body where the editor saw that."""
        known = self.changes.get((kind, key))
        if known is not None:
            return known.to(body, sight.revision)
        base = kind_of(kind).read(self.published).get(key)
        return Edit(kind, key, body, base, self.number, sight.revision)

    @property
    def days(self) -> int:
        """How long sound is kept, which some phrases say."""
        return int(self.published["policy"]["audio_days"])

    def sentences(self, phrase: str, words: Entity) -> list[Numbered]:
        """What of a phrase is said as a sentence of its own, in every language that it has."""
        return [
            each
            for language in LANGUAGES
            if (text := words.get(language))
            for each in numbered_of(language, phrase, Phrase.of(text), self.days)
        ]

    def book(self) -> Phrasebook:
        """The words as drafted; a phrase that a language lacks is not in it."""
        rows = self.rows(PHRASE)
        return Phrasebook(
            {
                language: {
                    phrase: Phrase.of(str(words[language]))
                    for phrase, words in rows.items()
                    if str(words.get(language, "")).strip()
                }
                for language in LANGUAGES
            }
        )


async def at_hand(desk: SpokenDesk) -> Seen:
    """As it is now; put together beside the loop."""
    newest, draft = await desk.publishing.releases.newest(), await desk.publishing.drafts.draft()
    return await asyncio.to_thread(_seen, newest, draft)


def _seen(newest: Newest, draft: Draft) -> Seen:
    mine = [change for change in draft.changes if change.kind in KINDS]
    drafted = compose(newest.document, mine)
    entities = {kind: kind_of(kind).read(drafted) for kind in KINDS}
    return Seen(
        newest.number,
        newest.document,
        drafted,
        {change.entity: change for change in mine},
        entities,
        shipped_phrases(newest.document),
        _script(entities),
    )


def _script(entities: Mapping[str, Mapping[str, Entity]]) -> Script | None:
    try:
        return load_script(str(entities[SCRIPT][MAIN].get("text", "")))
    except (LibraryError, KeyError):
        return None


def key_in(request: web.Request) -> str:
    """Which phrase an address names."""
    return request.query.get("key", "")[:200]
