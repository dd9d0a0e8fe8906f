"""The shared draft: each change kept on the revision that its editor saw, or not at all.
Implements `routing.drafts.change.Drafts`; `storage.releases` empties it when it is published."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from routing.audit import BY, Action, Entry, subject
from routing.drafts.change import (
    MOST_KEY,
    MOST_NAME,
    Author,
    Change,
    Conflict,
    Draft,
    DraftError,
    Edit,
    Entity,
    Moved,
)
from storage.audit import append, append_all
from storage.engine import Database
from storage.tables.drafts import draft_changes, draft_revision

TURN: Final = "draft"
"""Whose changes are counted one after another, on every replica."""
ALL: Final = select(draft_changes).order_by(draft_changes.c.revision)
NOW: Final = select(draft_revision.c.revision)
REVISIONS: Final = select(draft_changes.c.kind, draft_changes.c.key, draft_changes.c.revision)
ONE: Final = and_(
    draft_changes.c.kind == bindparam("of_kind"), draft_changes.c.key == bindparam("of_key")
)
"""Each of several, by what is bound."""


class StoredDrafts:
    """The rows of the draft."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def draft(self) -> Draft:
        """All of it, as of one moment."""
        async with self._database.reading() as connection:
            revision = (await connection.execute(NOW)).scalar_one_or_none()
            rows = (await connection.execute(ALL)).all()
        return Draft(revision or 0, tuple(change_of(row._asdict()) for row in rows))

    async def change(self, kind: str, key: str) -> Change | None:
        """How it has one entity."""
        rows = await self._database.read(select(draft_changes).where(_is(kind, key)))
        return change_of(rows[0]._asdict()) if rows else None

    async def save(
        self, edits: Sequence[Edit], by: Author, at: datetime, summary: Entry | None = None
    ) -> int:
        """All or none. Raises Conflict, DraftError."""
        if any(not 0 < len(edit.key) <= MOST_KEY for edit in edits):
            raise DraftError(f"a key has 1 to {MOST_KEY} characters")

        def keep(unit: Connection) -> int:
            revision = self._next(unit)
            _compare(unit, edits)
            _put(unit, edits, revision, by, at)
            entries = [_entry(edit, Action.DRAFT_CHANGED, by, at) for edit in edits]
            append_all(unit, [*entries, *(() if summary is None else (summary,))])
            return revision

        return await self._database.brief(keep)

    async def discard(self, kind: str, key: str, seen: int, by: Author, at: datetime) -> None:
        """As published again. Raises Conflict."""
        edit = Edit(kind, key, None, None, 0, seen)

        def drop(unit: Connection) -> None:
            self._next(unit)
            _compare(unit, [edit])
            unit.execute(delete(draft_changes).where(_is(kind, key)))
            append(unit, _entry(edit, Action.DRAFT_DISCARDED, by, at))

        await self._database.brief(drop)

    async def discard_all(self, seen: int, by: Author, at: datetime) -> int:
        """Everything. Raises Moved."""

        def drop(unit: Connection) -> int:
            revision = self._next(unit)
            if seen != revision - 1:
                raise Moved("the draft was changed meanwhile: look at it again")
            many = unit.execute(delete(draft_changes)).rowcount
            values = {BY: by.name, "changes": many}
            append(unit, Entry(by.account, Action.DRAFT_DISCARDED, "draft", at, values))
            return many

        return await self._database.brief(drop)

    def _next(self, unit: Connection) -> int:
        self._database.take_turns(unit, TURN)
        return next_revision(unit)


def next_revision(unit: Connection) -> int:
    """The draft's next revision, inside brief work that has its turn."""
    known = unit.execute(NOW).scalar_one_or_none()
    if known is None:
        unit.execute(insert(draft_revision).values(id=1, revision=1))
        return 1
    unit.execute(update(draft_revision).values(revision=known + 1))
    return int(known) + 1


def _compare(unit: Connection, edits: Sequence[Edit]) -> None:
    """Raises Conflict where the draft has not what was seen: the first of them."""
    which = draft_changes.c.kind.in_({edit.kind for edit in edits})
    if len(edits) == 1:
        which = _is(edits[0].kind, edits[0].key)
    found = {(row.kind, row.key): row.revision for row in unit.execute(REVISIONS.where(which))}
    for edit in edits:
        if found.get((edit.kind, edit.key), 0) != edit.seen:
            its = select(draft_changes).where(_is(edit.kind, edit.key))
            row = unit.execute(its).one_or_none()
            raise Conflict(edit, None if row is None else change_of(row._asdict()))


def _put(unit: Connection, edits: Sequence[Edit], revision: int, by: Author, at: datetime) -> None:
    """As many statements for thousands as for one."""
    known = [{"of_kind": edit.kind, "of_key": edit.key} for edit in edits if edit.seen]
    if known:
        unit.execute(delete(draft_changes).where(ONE), known)
    rows = [row_of(edit, revision, by, at) for edit in edits if edit.body != edit.base]
    if rows:
        unit.execute(insert(draft_changes), rows)


def _entry(edit: Edit, action: Action, by: Author, at: datetime) -> Entry:
    """What the audit keeps: not the texts, which the plan has once it is published."""
    values = {BY: by.name, "removed": edit.body is None}
    return Entry(by.account, action, subject(edit.kind, edit.key), at, values)


def row_of(edit: Edit | Change, revision: int, by: Author, at: datetime) -> Mapping[str, Any]:
    """A change as its row."""
    return {
        "kind": edit.kind,
        "key": edit.key,
        "body": text_of(edit.body),
        "base": text_of(edit.base),
        "over_plan": edit.over,
        "revision": revision,
        "account": by.account,
        "name": by.name[:MOST_NAME],
        "at": at,
    }


def change_of(row: Mapping[str, Any]) -> Change:
    """What `row_of` made of it."""
    return Change(
        kind=row["kind"],
        key=row["key"],
        body=_entity(row["body"]),
        base=_entity(row["base"]),
        over=row["over_plan"],
        revision=row["revision"],
        by=Author(row["account"], row["name"]),
        at=row["at"],
    )


def text_of(entity: Entity | None) -> str | None:
    """An entity as it is kept; the order of its fields is an editor's own."""
    return None if entity is None else json.dumps(entity, ensure_ascii=False)


def _entity(text: str | None) -> Entity | None:
    return None if text is None else dict(json.loads(text))


def _is(kind: str, key: str) -> Any:
    return and_(draft_changes.c.kind == kind, draft_changes.c.key == key)
