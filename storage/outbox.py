"""The outbox: durable work, claimed with a lease, finished once, given up loudly (design §6).
Implements `routing.ports.Outbox`."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from routing.ports import Job, JobKind
from storage.beneath import Read
from storage.engine import Database, Ear
from storage.finished import HELD, Ends
from storage.handing import LEASE, Hands
from storage.leases import NOW, lease_of
from storage.tables.ledger import leases
from storage.tables.outbox import JobState, outbox
from storage.told import after_a_try, once_done

IN_DOUBT: Final = timedelta(seconds=10)
"""How long a request that a kill cut off may take to come into the far side's lists."""
STRANGE_FOR: Final = timedelta(hours=6)
"""Work of a kind that this version does not know is left to replicas of the newer one that enqueued
it; due for longer than an upgrade takes, it is claimed all the same and so given up, loudly."""


def in_state(*states: JobState) -> ColumnElement[bool]:
    """Written out and not bound: only so does SQLite see that an index of these alone will do."""
    return or_(*(outbox.c.state == literal_column(f"'{state.value}'") for state in states))


WAITING: Final = in_state(JobState.READY, JobState.SENDING)
DEAD: Final = in_state(JobState.DEAD)


class Standing(StrEnum):
    """How unfinished work stands."""

    LATER = "later"
    """it is for another hour"""
    DUE = "due"
    """it could be carried out now"""
    AT_WORK = "at_work"
    RETRYING = "retrying"
    """it failed, and waits for another try"""
    DEAD = "dead"
    """it was given up"""


KNOWN: Final = or_(
    outbox.c.kind.in_([literal_column(f"'{kind.value}'") for kind in JobKind]),
    outbox.c.run_at <= bindparam("nobodys", type_=outbox.c.run_at.type),
)
"""Ours to carry out, or nobody's."""
DUE: Final = (
    select(outbox.c.id)
    .where(WAITING, outbox.c.run_at <= bindparam("now", type_=outbox.c.run_at.type), KNOWN)
    .order_by(outbox.c.run_at, outbox.c.id)
    .limit(bindparam("most", type_=Integer))
)
LIVES: Final = exists().where(leases.c.name == lease_of(outbox.c.holder), leases.c.until > NOW)
"""Whether the replica that has a job in hand has said lately that it lives."""
US: Final = bindparam("holder", type_=outbox.c.holder.type)
FREE: Final = or_(outbox.c.holder.is_(None), outbox.c.holder == US, ~LIVES)
"""Not in another's hand, however far that one's clock and ours are apart."""


JOB: Final = tuple(
    outbox.c[name] for name in ("id", "kind", "payload", "attempts", "key", "failures")
)


@dataclass(frozen=True, slots=True)
class Claims:
    """Whether there is any work of some kinds, and the claim to it."""

    look: Read
    take: ReturningUpdate[Any]


def claims_of(*which: ColumnElement[bool]) -> Claims:
    """Those to due work of which all of this holds."""
    due = DUE.where(*which)
    # named, for PostgreSQL evaluates an IN as often as it likes, and each time passes over what
    # this same statement has taken; what is named and locks rows, it evaluates once
    free = due.where(FREE).with_for_update(skip_locked=True).cte("free")
    take = (
        update(outbox)
        .where(outbox.c.id.in_(select(free.c.id)))
        .values(
            run_at=bindparam("leased", type_=outbox.c.run_at.type),
            attempts=outbox.c.attempts + 1,
            error=None,
            holder=US,
        )
    )
    return Claims(Read(due), take.returning(*JOB))


ALL: Final = claims_of()
HANDED: Final = Read(
    select(*JOB).where(
        outbox.c.key == bindparam("its_key"),
        outbox.c.attempts == 1,
        outbox.c.state == literal_column(f"'{JobState.READY.value}'"),
        outbox.c.run_at > bindparam("now", type_=outbox.c.run_at.type),
        outbox.c.holder.is_not_distinct_from(US),
    )
)
"""What a step's commit claimed for us, unless it was given back meanwhile."""


def _unfinished() -> Select[Any]:
    now = bindparam("now", type_=outbox.c.run_at.type)
    standing = case(
        (outbox.c.run_at <= now, Standing.DUE.value),
        (outbox.c.attempts == 0, Standing.LATER.value),
        (outbox.c.error.is_(None), Standing.AT_WORK.value),
        else_=Standing.RETRYING.value,
    )
    columns = (outbox.c.kind, outbox.c.enqueued, outbox.c.run_at)
    jobs = select(*columns, standing.label("standing")).where(WAITING).subquery()
    return select(
        jobs.c.kind,
        jobs.c.standing,
        func.count().label("many"),
        func.min(jobs.c.enqueued, type_=outbox.c.run_at.type).label("since"),
        func.min(jobs.c.run_at, type_=outbox.c.run_at.type).label("run_at"),
    ).group_by(jobs.c.kind, jobs.c.standing)


UNFINISHED: Final = _unfinished()
GIVEN_UP: Final = (
    select(
        outbox.c.kind,
        func.count().label("many"),
        func.min(outbox.c.finished, type_=outbox.c.run_at.type).label("since"),
    )
    .where(DEAD)
    .group_by(outbox.c.kind)
)
DEAD_HOLDERS: Final = (
    select(outbox.c.holder)
    .where(
        WAITING,
        outbox.c.holder.is_not(None),
        outbox.c.run_at > bindparam("now", type_=outbox.c.run_at.type),
        ~LIVES,
    )
    .distinct()
)


def _take(unit: Connection, now: datetime, *held: ColumnElement[bool]) -> int:
    """Claimed jobs become due: what may have been sent, when the far side can tell."""
    sending = outbox.c.state == JobState.SENDING.value
    kind = outbox.c.run_at.type
    due = case((sending, literal(now + IN_DOUBT, kind)), else_=literal(now, kind))
    claimed = update(outbox).where(WAITING, outbox.c.run_at > now, *held)
    return unit.execute(claimed.values(run_at=due, holder=None)).rowcount


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many jobs of one kind stand alike. `since` is when the oldest of them was first to be
    carried out (or was given up), `run_at` the earliest time for the next try."""

    kind: str
    standing: Standing
    many: int
    since: datetime
    run_at: datetime


class StoredOutbox:
    """One table, shared by all who enqueue; `Database.woken` tells of a commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ends = Ends(database)
        self.sure = True
        """False where the others may take this replica for dead (`presence`): it claims nothing,
        and lets go of what it has."""

    async def claim(self, now: datetime, most: int, claims: Claims = ALL) -> Sequence[Job]:
        """Jobs that are due, the longest waiting first; ours until the lease ends."""
        due = {"now": now, "nobodys": now - STRANGE_FOR}
        if not self.sure or not await self._database.look(claims.look, **due, most=1):
            return ()
        held = {"leased": now + LEASE, "holder": self._database.replica}
        values = {**due, "most": most, **held}
        claimed = await self._database.brief(lambda unit: unit.execute(claims.take, values).all())
        if not self.sure:
            return ()
        return [_job(row) for row in sorted(claimed, key=lambda row: row.id)]

    async def handed(self, keys: Sequence[str], now: datetime) -> Sequence[Job]:
        """Jobs that a step's commit claimed for us under these keys."""
        us = {"holder": self._database.replica, "now": now}
        found = [await self._database.look(HANDED, its_key=key, **us) for key in keys]
        return [_job(row) for rows in found for row in rows]

    def hand_over(self, kinds: Collection[str], hands: Hands) -> None:
        """Jobs of these kinds go into these hands with the commit that enqueues them."""
        self._database.handing.to(kinds, hands)

    async def take_back(self, now: datetime) -> int:
        """At the start of the only server: what a killed one had claimed is due at once, not
        when its lease ends; what it may have sent, when the far side can tell. Jobs that wait for
        another try keep their time. Returns how many."""
        held = (outbox.c.attempts > 0, outbox.c.error.is_(None))
        return await self._database.brief(lambda unit: _take(unit, now, *held))

    async def take_up(self, now: datetime) -> int:
        """Among replicas: what those had claimed that live no more (`presence`). Returns how
        many."""
        dead = [row.holder for row in await self._database.read(DEAD_HOLDERS, now=now)]

        def take(unit: Connection) -> int:
            gone = [holder for holder in dead if self._database.is_gone(unit, holder)]
            return _take(unit, now, outbox.c.holder.in_(gone), ~LIVES)

        return await self._database.brief(take) if dead else 0

    async def give_back(self, now: datetime) -> None:
        """What this replica has claimed and is no longer at: due again, for anyone."""
        mine = outbox.c.holder == self._database.replica
        await self._database.brief(lambda unit: _take(unit, now, mine))

    async def sending(self, job: Job) -> None:
        """Mark that a request goes out now."""
        held = _held(job, JobState.SENDING)
        await self._database.brief(lambda unit: HELD.on(unit, held))

    async def done(self, job: Job, now: datetime) -> Sequence[str]:
        """Finish it; what its payload says of people is dropped. As all ends of a job it takes on
        what follows, once for each key; returns the keys of what was turned away, its share being
        used up."""
        done = {"payload": once_done(job), "finished": now, "error": None, "holder": None}
        return await self._ends.write(_held(job, JobState.DONE) | done, job.follows)

    async def again(
        self, job: Job, at: datetime, why: str, *, counted: bool = True
    ) -> Sequence[str]:
        """Give it back until `at`; one more failure of the far side, where that is `counted`."""
        failures = job.failures + counted
        values = {"run_at": at, "error": why, "failures": failures, "holder": None}
        return await self._set(job, JobState.READY, **values, **after_a_try(job))

    async def give_up(self, job: Job, now: datetime, why: str) -> Sequence[str]:
        """Keep it as failed for a person to see."""
        return await self._set(job, JobState.DEAD, finished=now, error=why, holder=None)

    async def wait(self, seconds: float) -> None:
        """Until the next commit that enqueued something, or `seconds`."""
        await self._database.woken.wait(seconds)

    def ear(self) -> Ear:
        """Another who waits so, beside this one."""
        return self._database.woken.ear()

    async def backlog(self, now: datetime) -> Sequence[Backlog]:
        """All that is not finished, by kind and standing."""
        async with self._database.reading() as connection:
            waiting = (await connection.execute(UNFINISHED, {"now": now})).all()
            given_up = (await connection.execute(GIVEN_UP)).all()
        return [
            *(Backlog(r.kind, Standing(r.standing), r.many, r.since, r.run_at) for r in waiting),
            *(Backlog(r.kind, Standing.DEAD, r.many, r.since, r.since) for r in given_up),
        ]

    async def _set(self, job: Job, state: JobState, **values: Any) -> Sequence[str]:
        return await self._ends.write_alone(_held(job, state) | values, job.follows)


def _job(row: Any) -> Job:
    return Job(row.id, row.kind, json.loads(row.payload), row.attempts, row.key, row.failures)


def _held(job: Job, state: JobState) -> dict[str, Any]:
    """Only whoever holds the latest claim may finish a job."""
    return {"job": job.id, "claimed": job.attempts, "state": state.value}
