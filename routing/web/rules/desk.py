"""What the pages of rules have at hand: the newest published plan, the draft over it, and the plan
that the draft would make. They change the draft alone (ADR 35, 39)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from routing.accounts.roles import Actor
from routing.drafts.change import Author, Change, Conflict, Draft, Drafts, Edit, Entity
from routing.drafts.document import compose
from routing.drafts.kinds import Document, kind_of
from routing.findings import Finding
from routing.ports import Clock
from routing.register import Directory, DirectoryError
from routing.rules.document import Written, order_of, written
from routing.rules.proposals import Ground
from routing.sheets.register import Sheets, read_directory
from routing.web.layout import Chapter

RULES_PAGES: Final = Chapter("rules", Path(__file__).parent)
RULE, RULE_ORDER, SCENARIO = "rule", "rule_order", "scenario"


@dataclass(frozen=True, slots=True)
class Looked:
    """A body as it would run: `ground` is None where it cannot be compiled; `findings` says why,
    and what else is to be said."""

    ground: Ground | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RulesDesk:
    """What the pages ask: the draft, the newest plan's number and body, a look at a body as it
    would run, the time where the offices are, the body of an earlier version (None where there is
    none), and which version was in force at a moment."""

    drafts: Drafts
    newest: Callable[[], Awaitable[tuple[int, Document]]]
    look: Callable[[Document], Awaitable[Looked]]
    clock: Clock
    zone: ZoneInfo
    version: Callable[[int], Awaitable[Document | None]]
    in_force: Callable[[datetime], Awaitable[int | None]]


@dataclass(frozen=True, slots=True)
class Workspace:
    """One moment of it: `published` as calls have it, `drafted` as it would be, `written` the rules
    that people wrote, as drafted. It is read beside the loop: thousands of rules take long."""

    number: int
    draft: Draft
    published: Document
    drafted: Document
    directory: Directory
    written: Written
    rows: Callable[[str], Mapping[str, Entity]]
    """all of a kind as published, read once"""

    def edit(self, kind: str, key: str, body: Entity | None) -> Edit:
        """The edit that puts a body where this moment has something else."""
        known = self.draft.of(kind, key)
        if known is not None:
            return known.to(body)
        return Edit(kind, key, body, self.rows(kind).get(key), self.number)

    def changed(self, kind: str) -> Mapping[str, Change]:
        """What the draft has of a kind, by key."""
        return {one.key: one for one in self.draft.changes if one.kind == kind}

    @property
    def order(self) -> Entity:
        """The order of the rules, as drafted."""
        return order_of(self.written)


async def at_hand(desk: RulesDesk) -> Workspace:
    """As it is now. A register of thousands of rows is read beside the loop."""
    (number, document), draft = await desk.newest(), await desk.drafts.draft()
    return await asyncio.to_thread(_workspace, number, document, draft)


def _workspace(number: int, document: Document, draft: Draft) -> Workspace:
    drafted = compose(document, draft.changes)
    directory = _directory(drafted) or _directory(document)
    if directory is None:
        raise LookupError("the published register cannot be read")
    rules, rows = (
        written(drafted.get("rules", "")),
        cache(lambda kind: kind_of(kind).read(document)),
    )
    return Workspace(number, draft, document, drafted, directory, rules, rows)


def _directory(document: Document) -> Directory | None:
    try:
        return read_directory(Sheets(**document["sheets"]), area=document["area"])
    except DirectoryError:  # the draft's register is at fault, which its own pages show
        return None


async def save(desk: RulesDesk, edits: list[Edit], actor: Actor) -> Conflict | None:
    """Into the draft, all or none; the conflict where somebody else was faster."""
    try:
        await desk.drafts.save(edits, Author(actor.account, actor.name), desk.clock.now())
    except Conflict as faster:
        return faster
    return None
