"""The outbox as several drains see it, each with work of its own kinds: what is slow (sound from a
carrier) has hands of its own and keeps nobody's mail waiting (ADR 31). Implements
`routing.ports.Outbox` over `outbox`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal_column

from routing.handoff import MOST_AT_ONCE
from routing.ports import Job
from storage.outbox import Claims, StoredOutbox, claims_of
from storage.tables.outbox import outbox


class Lane:
    """What `claims` leads to; all else is the outbox's."""

    def __init__(self, whole: StoredOutbox, claims: Claims) -> None:
        self._whole = whole
        self._claims = claims
        self._ear = whole.ear()
        self._handed: list[str] = []
        self._at_work: set[int] = set()

    def room(self) -> int:
        """How many jobs more are begun at once (`storage.handing.Hands`)."""
        return MOST_AT_ONCE - len(self._at_work) - len(self._handed) if self._whole.sure else 0

    def take(self, keys: Collection[str]) -> None:
        """What a step's commit claimed for this lane; `wait` ends."""
        self._handed.extend(keys)
        self._ear.hear()

    async def claim(self, now: datetime, most: int) -> Sequence[Job]:
        """Jobs of this lane: those that are claimed already, else those that are due."""
        keys = self._handed[:most]
        jobs = await self._whole.handed(keys, now) if keys else ()
        del self._handed[: len(keys)]  # not before: after a look that failed they are asked again
        jobs = jobs or await self._whole.claim(now, most, self._claims)
        self._at_work.update(job.id for job in jobs)
        return jobs

    async def sending(self, job: Job) -> None:
        """As the outbox."""
        await self._whole.sending(job)

    async def done(self, job: Job, now: datetime) -> Sequence[str]:
        """As the outbox."""
        self._at_work.discard(job.id)
        return await self._whole.done(job, now)

    async def again(
        self, job: Job, at: datetime, why: str, *, counted: bool = True
    ) -> Sequence[str]:
        """As the outbox."""
        self._at_work.discard(job.id)
        return await self._whole.again(job, at, why, counted=counted)

    async def give_up(self, job: Job, now: datetime, why: str) -> Sequence[str]:
        """As the outbox."""
        self._at_work.discard(job.id)
        return await self._whole.give_up(job, now, why)

    async def wait(self, seconds: float) -> None:
        """Until the next commit that enqueued something, of whatever kind, or `seconds`."""
        await self._ear.wait(seconds)


def lanes(whole: StoredOutbox, *kinds: Collection[str]) -> tuple[Lane, ...]:
    """One for work of each of these kinds, and the last for all other, also for kinds that nobody
    knows. All but that one have it handed over by the commit that enqueues it: all are drained as
    long as the server lives."""
    own = [Lane(whole, claims_of(_named(mine))) for mine in kinds]
    for mine, lane in zip(kinds, own, strict=True):
        whole.hand_over(mine, lane)
    return *own, Lane(whole, claims_of(~_named({kind for mine in kinds for kind in mine})))


def _named(kinds: Collection[str]) -> ColumnElement[bool]:
    """Written out, as the states are: `storage.beneath` takes no lists."""
    names: list[ColumnElement[Any]] = [literal_column(f"'{kind}'") for kind in sorted(kinds)]
    return outbox.c.kind.in_(names)
