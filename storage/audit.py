"""The audit's rows: added to inside whoever's transaction, looked through, verified, erased. The
counterpart of `routing.audit`, which says what a link is (ADR 34)."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, insert, select

from routing.audit import (
    BEFORE_ALL,
    SALT,
    Action,
    Broken,
    Chain,
    Entry,
    Kept,
    Link,
    erasure_of,
    linked,
    unreadable,
    written,
)
from storage.engine import Database
from storage.tables.audit import audit, audit_values
from storage.turns import take_turns

SLICE: Final = 100
"""Links verified between two turns of the loop: about a millisecond."""
LAST: Final = select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
ALL: Final = select(audit, audit_values.c.salt, audit_values.c.kept).join_from(
    audit, audit_values, isouter=True
)


def append(unit: Connection, entry: Entry) -> int:
    """Add an entry to the chain, in the transaction of what it tells of; its number. Call it last
    there: until that transaction ends nobody else, on any replica, appends (and whoever took
    another's turn after this one could wait for ever)."""
    take_turns(unit, "audit")
    last = unit.execute(LAST).one_or_none()
    salt, text = secrets.token_bytes(SALT), written(entry.values)
    after = (0, BEFORE_ALL) if last is None else (last.number, last.hash)
    link = linked(entry, after, salt, text)
    columns = {name: getattr(link, name) for name in Link.__slots__}
    unit.execute(insert(audit).values(hash=link.hash(), **columns))
    unit.execute(insert(audit_values).values(number=link.number, salt=salt, kept=text))
    return link.number


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: how many links hold up to which hash, how many have no values any
    more, and the first that does not hold."""

    count: int
    head: str
    erased: int
    broken: Broken | None


@dataclass(frozen=True, slots=True)
class Head:
    """The last link; number 0 before the first."""

    number: int
    hash: str


class StoredAudit:
    """The audit, for whoever reads it and for entries that are a change by themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

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


def _kept(row: Row[Any]) -> Kept:
    link = Link(**{name: getattr(row, name) for name in Link.__slots__})
    return Kept(link, row.hash, row.salt, row.kept)
