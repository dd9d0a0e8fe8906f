"""What the register's pages have at hand: the newest published plan, the draft over it, and both as
sheets. The pages change the draft alone; what they make is published at /admin/publish (ADR 38)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from routing.accounts.roles import Actor
from routing.drafts.change import Author, Change, Draft, Drafts, Edit
from routing.drafts.document import compose
from routing.drafts.kinds import Document
from routing.ports import Clock
from routing.publishing.desk import PublishingDesk
from routing.sheets.changes import Preview
from routing.sheets.entities import Body, EntityKind, Rows, entities
from routing.sheets.register import Sheets
from routing.web.layout import Chapter

REGISTER_PAGES: Final = Chapter("register", Path(__file__).parent)
SECTIONS: Final[Mapping[EntityKind, str]] = MappingProxyType(
    {
        EntityKind.NUMBER: "numbers",
        EntityKind.OFFICE: "offices",
        EntityKind.TOPIC: "topics",
        EntityKind.CONTACT: "contacts",
        EntityKind.SERVICE: "services",
        EntityKind.PRONUNCIATION: "readings",
    }
)
"""Where the pages of a kind are, below /admin."""


@dataclass(frozen=True, slots=True)
class RegisterDesk:
    """What the pages ask: the draft and the published plans, and the time where the offices are."""

    publishing: PublishingDesk
    zone: ZoneInfo

    @property
    def drafts(self) -> Drafts:
        """The shared draft."""
        return self.publishing.drafts

    @property
    def clock(self) -> Clock:
        """The time of all that is done here."""
        return self.publishing.clock

    def today(self) -> date:
        """The day where the offices are."""
        return self.clock.now().astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Workspace:
    """One moment of it: `published` as callers have it, `drafted` as it would be, and the rows of
    both, read beside the loop."""

    number: int
    area: str
    draft: Draft
    published: Sheets
    drafted: Sheets
    rows_published: Mapping[EntityKind, Rows]
    rows_drafted: Mapping[EntityKind, Rows]

    def rows(self, kind: EntityKind) -> Rows:
        """All of a kind, as drafted."""
        return self.rows_drafted[kind]

    def edit(self, kind: EntityKind, key: str, body: Body | None) -> Edit:
        """The edit that puts a body where this moment has something else."""
        known = self.draft.of(kind, key)
        if known is not None:
            return known.to(body)
        return Edit(kind, key, body, self.rows_published[kind].get(key), self.number)

    def edits(self, found: Preview) -> list[Edit]:
        """Those of an import that was looked at over this moment."""
        after = {kind: entities(found.sheets, kind) for kind in {one.kind for one in found.changes}}
        return [self.edit(one.kind, one.key, after[one.kind].get(one.key)) for one in found.changes]

    def changed(self, kind: EntityKind) -> Mapping[str, Change]:
        """What the draft has of a kind, by key."""
        return {one.key: one for one in self.draft.changes if one.kind == kind}


async def at_hand(desk: RegisterDesk) -> Workspace:
    """As it is now. Sheets of thousands of rows are put together beside the loop."""
    newest, draft = await desk.publishing.releases.newest(), await desk.drafts.draft()
    return await asyncio.to_thread(workspace, newest.number, newest.document, draft)


def workspace(number: int, document: Document, draft: Draft) -> Workspace:
    """A draft over the plan of this number."""
    mine = [one for one in draft.changes if one.kind in set(EntityKind)]
    drafted = compose(document, mine)
    published, after = Sheets(**document["sheets"]), Sheets(**drafted["sheets"])
    rows = {kind: entities(published, kind) for kind in EntityKind}
    return Workspace(
        number=number,
        area=document["area"],
        draft=draft,
        published=published,
        drafted=after,
        rows_published=rows,
        rows_drafted={kind: entities(after, kind) for kind in EntityKind} if mine else rows,
    )


def author(actor: Actor) -> Author:
    """Who it is, as the draft keeps it."""
    return Author(actor.account, actor.name)
