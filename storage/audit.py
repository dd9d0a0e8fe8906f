"""The audit's rows: added to inside whoever's transaction, looked through, verified, erased. The
counterpart of `routing.audit`, which says what a link is (ADR 34)."""

import json
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, insert, select
from sqlalchemy.exc import DBAPIError

from routing.audit import (
    BEFORE_ALL,
    BY,
    SALT,
    Action,
    Chain,
    Entry,
    Kept,
    Link,
    erasure_of,
    linked,
    unreadable,
    written,
)
from routing.trail import Found, Head, Search, Verdict
from storage.engine import Database
from storage.errors import StorageError
from storage.tables.audit import audit, audit_values
from storage.turns import take_turns

SLICE: Final = 30
"""Links verified between two turns of the loop: about a millisecond."""
WINDOW: Final = 20_000
"""Links that one statement may look through: no index finds words in values, which come and go. It
is some tens of milliseconds of a connection's, and other reads come between two."""
LAST: Final = select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
ALL: Final = select(audit, audit_values.c.salt, audit_values.c.kept).join_from(
    audit, audit_values, isouter=True
)


def append(unit: Connection, entry: Entry) -> int:
    """Add an entry to the chain, in the transaction of what it tells of; its number. Call it last
    there: until that transaction ends nobody else, on any replica, appends (and whoever took
    another's turn after this one could wait for ever)."""
    return append_all(unit, [entry])


def append_all(unit: Connection, entries: Sequence[Entry]) -> int:
    """The same of several, in their order; the last one's number. However many they are, they take
    as many statements as one: an import has thousands, and calls wait for the writer."""
    take_turns(unit, "audit")
    last = unit.execute(LAST).one_or_none()
    after = (0, BEFORE_ALL) if last is None else (last.number, last.hash)
    links, values = [], []
    for entry in entries:
        salt, text = secrets.token_bytes(SALT), written(entry.values)
        link = linked(entry, after, salt, text)
        after = link.number, link.hash()
        columns = {name: getattr(link, name) for name in Link.__slots__}
        links.append({**columns, "hash": after[1]})
        values.append({"number": link.number, "salt": salt, "kept": text})
    if links:
        unit.execute(insert(audit), links)
        unit.execute(insert(audit_values), values)
    return after[0]


async def append_once(database: Database, entry: Entry, since: datetime) -> None:
    """Add an entry by itself, unless the same actor has one of the same action and subject since
    then. Two at the same moment may both be kept: one too many is no harm."""
    like = select(audit.c.number).where(
        audit.c.subject == entry.subject,
        audit.c.actor == entry.actor,
        audit.c.action == entry.action.value,
        audit.c.at >= since,
    )
    if not await database.read(like.limit(1)):
        await database.brief(lambda unit: append(unit, entry))


class StoredAudit:
    """The audit, for whoever reads it and for entries that are a change by themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self) -> None:
        """Raises StorageError where this database has no audit yet."""
        try:
            await self._database.read(LAST)
        except DBAPIError as wrong:
            raise StorageError(
                "the database is of an earlier version: start this version's server first"
            ) from wrong

    async def append(self, entry: Entry) -> int:
        """In a transaction of its own: a sign-in, an export."""
        return await self._database.brief(lambda unit: append(unit, entry))

    async def head(self) -> Head:
        """The last link: whoever keeps its hash elsewhere can tell later that all before it is
        still there."""
        for row in await self._database.read(LAST):
            return Head(row.number, row.hash)
        return Head(0, BEFORE_ALL)

    async def place_of(self, hash_: str) -> int | None:
        """Which link has this hash; None where none has."""
        rows = await self._database.read(select(audit.c.number).where(audit.c.hash == hash_))
        return rows[0].number if rows else None

    async def search(
        self,
        search: Search,
        *,
        before: int | None = None,
        after: int | None = None,
        down_to: int = 0,
        most: int,
    ) -> Sequence[Found]:
        """The newest first, of those with a lower number than `before` and a higher one than
        `down_to`; or, where `after` is given, the oldest first of those with a higher one. Looked
        through WINDOW at a time. Raises StorageError where somebody altered one so that it cannot
        be read; `verify` says which."""
        top = (await self.head()).number
        top = top if before is None else min(top, before - 1)
        found: list[Found] = []
        for low, high in _windows(down_to if after is None else after, top, down=after is None):
            within = (audit.c.number > low, audit.c.number <= high)
            query = ALL.where(*_asked(search), *within).limit(most - len(found))
            order = audit.c.number.desc() if after is None else audit.c.number
            found += await self._read(query.order_by(order))
            if len(found) >= most:
                break
        return found

    async def _read(self, query: Select[Any]) -> list[Found]:
        try:
            return [_found(row) for row in await self._database.read(query)]
        except (TypeError, ValueError) as wrong:
            raise StorageError(
                "an entry of the audit was altered and cannot be read: server.py audit --verify"
            ) from wrong

    async def erase(self, number: int, entry: Entry) -> bool:
        """Values and salt of a link leave; `entry` (by `erasure`) says so in the chain. False
        where there were none."""

        def leave(unit: Connection) -> bool:
            gone = unit.execute(delete(audit_values).where(audit_values.c.number == number))
            if gone.rowcount:
                append(unit, entry)
            return bool(gone.rowcount)

        return await self._database.brief(leave)

    async def verify(self) -> Verdict:
        """Follow the whole chain, beside whoever appends."""
        chain, broken = Chain(), None
        async for found in self._slices():
            broken = chain.follow(found)
            if broken is not None:
                break
        return Verdict(chain.count, chain.head, chain.erased, broken or chain.end())

    async def _slices(self) -> AsyncIterator[Sequence[Kept]]:
        last: int | None = None
        while True:
            after = audit.c.number.is_not(None) if last is None else audit.c.number > last
            found = await self._after(after)
            if not found:
                return
            yield found
            last = found[-1].link.number

    async def _after(self, after: ColumnElement[bool]) -> Sequence[Kept]:
        query = ALL.where(after).order_by(audit.c.number)
        try:
            return [_kept(row) for row in await self._database.read(query.limit(SLICE))]
        except (TypeError, ValueError):  # SQLite's columns hold anything, where somebody altered it
            return await self._one(query)

    async def _one(self, query: Select[Any]) -> Sequence[Kept]:
        """One link alone, of those that cannot be read together."""
        try:
            return [_kept(row) for row in await self._database.read(query.limit(1))]
        except (TypeError, ValueError):
            number = query.with_only_columns(audit.c.number, maintain_column_froms=True).limit(1)
            return [unreadable(row.number) for row in await self._database.read(number)]


def erasure(number: int, actor: str, reason: str, at: datetime) -> Entry:
    """The entry that tells of it."""
    return Entry(actor, Action.ERASED, erasure_of(number), at, {"reason": reason})


def _asked(search: Search) -> Iterator[ColumnElement[bool]]:
    """What an entry must be. Words are looked for in subject and values, whatever they hold."""
    if search.actor:
        called = json.dumps({BY: search.actor}, ensure_ascii=False)[1:-1]
        yield (audit.c.actor == search.actor) | audit_values.c.kept.contains(
            called, autoescape=True
        )
    if search.action is not None:
        yield audit.c.action == search.action.value
    if search.subject:
        yield audit.c.subject.startswith(search.subject, autoescape=True)
    for word in search.text.split():
        in_values = audit_values.c.kept.icontains(word, autoescape=True)
        yield audit.c.subject.icontains(word, autoescape=True) | in_values
    if search.since is not None:
        yield audit.c.at >= search.since
    if search.until is not None:
        yield audit.c.at < search.until


def _windows(low: int, high: int, *, down: bool) -> Iterator[tuple[int, int]]:
    """The numbers above `low` up to `high`, from the end that is looked at first."""
    while low < high:
        if down:
            yield max(low, high - WINDOW), high
            high -= WINDOW
        else:
            yield low, min(low + WINDOW, high)
            low += WINDOW


def _found(row: Row[Any]) -> Found:
    values = None if row.kept is None else json.loads(row.kept)
    return Found(link=_kept(row).link, hash=row.hash, values=values)


def _kept(row: Row[Any]) -> Kept:
    link = Link(**{name: getattr(row, name) for name in Link.__slots__})
    return Kept(link, row.hash, row.salt, row.kept)
