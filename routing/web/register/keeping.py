"""One entity as somebody has typed it, into the draft: read as an import reads it, refused beside
its fields, and never over what somebody else has changed meanwhile."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from routing.accounts.roles import Actor
from routing.drafts.change import MOST_KEY, Conflict, Edit
from routing.publishing.sight import digest
from routing.register import Names
from routing.sheets.cells import Refused, read_cell
from routing.sheets.entities import (
    SHAPES,
    Body,
    EntityKind,
    faults_of,
    key_of,
    with_change,
)
from routing.sheets.headings import COLUMN_NAMES
from routing.sheets.register import Sheets
from routing.sheets.sentences import said
from routing.web.register.desk import RegisterDesk, Workspace, at_hand, author


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: the entity's key before (None: a new one), the cells, and which text of it was
    before the editor's eyes."""

    kind: EntityKind
    key: str | None
    cells: Body
    seen: str


@dataclass(frozen=True, slots=True)
class Kept:
    """It is in the draft, under this key."""

    key: str


@dataclass(frozen=True, slots=True)
class Faulty:
    """Nothing is kept: what is wrong, by column; "" is of the whole."""

    body: Body
    faults: Mapping[str, Names]


@dataclass(frozen=True, slots=True)
class Clash:
    """Nothing is kept: somebody else was faster. `theirs` is how it stands now, None: removed."""

    body: Body
    theirs: Body | None


Outcome = Kept | Faulty | Clash


def text_of(body: Body | None) -> str:
    """What tells two texts of an entity apart: cells that are empty say nothing."""
    return digest(body and {column: text for column, text in body.items() if text})


async def keep(desk: RegisterDesk, form: Form, actor: Actor) -> Outcome:
    """Into the draft, or why not."""
    now = await at_hand(desk)
    body, refused = _read(form, now)
    key = key_of(form.kind, body)
    refused = {**refused, **_unnamed(form.kind, key, body)}
    known = now.rows(form.kind)
    current = known.get(form.key) if form.key else None
    if form.key and text_of(current) != form.seen:
        return Clash(body, current)
    taken = key != form.key and key in known
    faults = refused or await asyncio.to_thread(_faults, form, key, body, now)
    if taken:
        faults = {SHAPES[form.kind].key[-1]: said("twice", {"key": key}), **faults}
    if faults:
        return Faulty(body, faults)
    edits = [now.edit(form.kind, key, body)]
    if form.key not in (None, key):
        edits.insert(0, now.edit(form.kind, form.key or "", None))
    return await _saved(desk, edits, actor, key, body)


async def remove(desk: RegisterDesk, form: Form, actor: Actor) -> Outcome:
    """Out of the draft's register; callers keep it until that is published."""
    now = await at_hand(desk)
    current = now.rows(form.kind).get(form.key or "")
    if current is None or text_of(current) != form.seen:
        return Clash(form.cells, current)
    edit = now.edit(form.kind, form.key or "", None)
    return await _saved(desk, [edit], actor, edit.key, form.cells)


async def _saved(
    desk: RegisterDesk, edits: list[Edit], actor: Actor, key: str, body: Body
) -> Outcome:
    try:
        await desk.drafts.save(edits, author(actor), desk.clock.now())
    except Conflict as faster:
        return Clash(body, None if faster.theirs is None else faster.theirs.body)
    return Kept(key)


def _read(form: Form, now: Workspace) -> tuple[dict[str, str], dict[str, Names]]:
    """The cells as the register has them. Empty ones stay where the entity had them or has to."""
    had = now.rows(form.kind).get(form.key or "", {})
    body, refused = dict(had), dict[str, Names]()
    for column in COLUMN_NAMES[form.kind]:
        cell = form.cells.get(column, "")
        read = read_cell(form.kind, column, cell, now.area)
        if isinstance(read, Refused):
            refused[column] = said(read.code, {"value": cell})
            read = cell
        if read or column in had or column in SHAPES[form.kind].columns:
            body[column] = read
    return body, refused


def _unnamed(kind: EntityKind, key: str, body: Body) -> dict[str, Names]:
    """A row without a key is none, so that the register would find nothing wrong with it."""
    columns = SHAPES[kind].key
    empty = {column: said("empty", {}) for column in columns if not body.get(column, "").strip()}
    if len(key) <= MOST_KEY:
        return empty
    return {**empty, columns[0]: said("too_long", {"n": MOST_KEY})}


def _faults(form: Form, key: str, body: Body, now: Workspace) -> dict[str, Names]:
    """What the register finds wrong with it, beside its own fields; the rest is for the review
    before publishing."""
    sheets: Sheets = with_change(now.drafted, form.kind, form.key or key, body)
    found: dict[str, Names] = {}
    for fault in faults_of(sheets, now.area):
        if (fault.kind, fault.key) == (form.kind, key):
            found.setdefault(fault.column, fault.says)
    return found
