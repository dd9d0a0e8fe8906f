"""The block list: who is turned away, until when and why, matched by keyed digest and shown masked;
each change is a row of its own, and what a person decides an entry of the audit, too. Implements
`ivr.conversation.ongoing.Blocks`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from routing.audit import BY, TERMINAL, Action, Entry, subject
from routing.numbers.forms import masked
from storage.audit import append
from storage.effects import Effects
from storage.engine import Database, Topic
from storage.errors import StorageError
from storage.sealing import Sealing
from storage.tables.blocks import block_events, blocks

LONGEST: Final = timedelta(days=30)
"""Whoever is turned away is not told of 110 either, so a person has to look again."""
MOST_REASON: Final = 500
SYSTEM: Final = "system"


class BlockError(StorageError):
    """A block that may not be; the sentence says what to give."""


class Change(StrEnum):
    """What an audit row tells of."""

    BLOCKED = "blocked"
    CHANGED = "changed"
    LIFTED = "lifted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Block:
    """One entry as it may be shown."""

    tail: str
    reason: str
    by: str
    created: datetime
    expires: datetime
    hits: int
    last_hit: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Why, who decided, and when (aware UTC)."""

    reason: str
    by: str
    at: datetime


class StoredBlocks:
    """One row a caller; a second block of the same one changes the first."""

    def __init__(self, database: Database, sealing: Sealing, effects: Effects) -> None:
        self._database = database
        self._sealing = sealing
        self._effects = effects

    async def check(self) -> None:
        """Raises StorageError where this database has no such list yet."""
        try:
            await self._database.read(select(blocks.c.caller).limit(1))
        except DBAPIError as wrong:
            raise StorageError(
                "the database is of an earlier version: start this version's server first"
            ) from wrong

    async def block(self, number: str, decision: Decision, length: timedelta) -> None:
        """Turn this caller away for so long. Raises BlockError without a reason, or beyond
        LONGEST."""
        if not decision.reason.strip() or len(decision.reason) > MOST_REASON:
            raise BlockError(f"give a reason, of {MOST_REASON} characters at most")
        if not timedelta(0) < length <= LONGEST:
            raise BlockError(f"a block lasts {LONGEST.days} days at most: a person looks then")
        until = decision.at + length
        row = insert(blocks).values(
            caller=self._effects.caller_digest(number),
            number=self._sealing.seal(number),
            tail=number[-2:],
            reason=decision.reason,
            by=decision.by,
            created=decision.at,
            expires=until,
            hits=0,
        )
        told = {name: row.excluded[name] for name in ("number", "reason", "by", "expires")}
        kept = row.on_conflict_do_update(index_elements=["caller"], set_=told)

        def keep(unit: Connection) -> None:
            before = self._entry(unit, number)
            unit.execute(kept)
            _note(unit, self._entry(unit, number), Change.CHANGED if before else Change.BLOCKED,
                  decision)  # fmt: skip
            append(unit, _audited(Action.CALLER_BLOCKED, number, decision, until))

        await self._database.brief(keep)
        self._database.signals.tell(Topic.BLOCKS)

    async def lift(self, number: str, decision: Decision) -> bool:
        """Let the caller in again; False where nobody turned them away."""

        def leave(unit: Connection) -> bool:
            entry = self._entry(unit, number)
            if entry is not None:
                _remove(unit, entry, Change.LIFTED, decision)
                append(unit, _audited(Action.CALLER_UNBLOCKED, number, decision))
            return entry is not None

        lifted = await self._database.brief(leave)
        self._database.signals.tell(Topic.BLOCKS)
        return lifted

    async def listed(self, now: datetime) -> Sequence[Block]:
        """All that hold now, those that end first before the others."""
        query = select(blocks).where(blocks.c.expires > now).order_by(blocks.c.expires)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Block(r.tail, r.reason, r.by, r.created, r.expires, r.hits, r.last_hit) for r in rows
        ]

    async def current(self, now: datetime) -> Mapping[str, datetime]:
        """Who is turned away now, by digest, each until when. What has expired leaves the list."""
        rows = await self._database.read(select(blocks.c.caller, blocks.c.expires))
        if any(row.expires <= now for row in rows):
            await self._expire(now)
        return {row.caller: row.expires for row in rows if row.expires > now}

    async def hit(self, times: Mapping[str, int], at: datetime) -> None:
        """So many calls of each were turned away."""
        rows = [{"whose": who, "times": many, "at": at} for who, many in sorted(times.items())]
        await self._database.brief(lambda unit: unit.execute(HIT, rows))

    async def _expire(self, now: datetime) -> None:
        over = select(blocks).where(blocks.c.expires <= now)

        def leave(unit: Connection) -> None:
            for entry in unit.execute(over).all():
                _remove(unit, entry, Change.EXPIRED, Decision("its time is over", SYSTEM, now))

        await self._database.brief(leave)

    def _entry(self, unit: Connection, number: str) -> Row[Any] | None:
        digest = self._effects.caller_digest(number)
        return unit.execute(select(blocks).where(blocks.c.caller == digest)).one_or_none()


HIT: Final = (
    update(blocks)
    .where(blocks.c.caller == bindparam("whose"))
    .values(
        hits=blocks.c.hits + bindparam("times"),
        last_hit=bindparam("at", type_=blocks.c.last_hit.type),
    )
)


def _audited(
    action: Action, number: str, decision: Decision, until: datetime | None = None
) -> Entry:
    """A command's. Whom it is about is told by two digits, as in every list: an entry's subject is
    never erased."""
    told = {BY: decision.by, "reason": decision.reason}
    if until is not None:
        told["ends"] = until.isoformat(timespec="minutes")
    return Entry(TERMINAL, action, subject("caller", masked(number)), decision.at, told)


def _remove(unit: Connection, entry: Row[Any], change: Change, decision: Decision) -> None:
    unit.execute(delete(blocks).where(blocks.c.caller == entry.caller))
    _note(unit, entry, change, decision)


def _note(unit: Connection, entry: Row[Any] | None, change: Change, decision: Decision) -> None:
    """The audit row, of the entry as it stands or stood."""
    if entry is None:
        return
    unit.execute(
        insert(block_events).values(
            caller=entry.caller,
            tail=entry.tail,
            action=change.value,
            reason=decision.reason,
            by=decision.by,
            at=decision.at,
            expires=entry.expires if change in (Change.BLOCKED, Change.CHANGED) else None,
            hits=entry.hits,
        )
    )
