"""The outbox as several drains see it, each with work of its own kinds: what is slow (sound from a
carrier) has hands of its own and keeps nobody's mail waiting (ADR 31). Implements
`routing.ports.Outbox` over `outbox`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal_column

from routing.ports import Job
from storage.outbox import Claims, StoredOutbox, claims_of
from storage.tables.outbox import outbox


class Lane:
    """What `claims` leads to; all else is the outbox's."""

    def __init__(self, whole: StoredOutbox, claims: Claims) -> None:
        self._whole = whole
        self._claims = claims
        self._ear = whole.ear()

    async def claim(self, now: datetime, most: int) -> Sequence[Job]:
        """Jobs of this lane."""
        return await self._whole.claim(now, most, self._claims)

    async def sending(self, job: Job) -> None:
        """As the outbox."""
        await self._whole.sending(job)

    async def done(self, job: Job, now: datetime) -> Sequence[str]:
        """As the outbox."""
        return await self._whole.done(job, now)

    async def again(
        self, job: Job, at: datetime, why: str, *, counted: bool = True
    ) -> Sequence[str]:
        """As the outbox."""
        return await self._whole.again(job, at, why, counted=counted)

    async def give_up(self, job: Job, now: datetime, why: str) -> Sequence[str]:
        """As the outbox."""
        return await self._whole.give_up(job, now, why)

    async def wait(self, seconds: float) -> None:
        """Until the next commit that enqueued something, of whatever kind, or `seconds`."""
        await self._ear.wait(seconds)


def lanes(whole: StoredOutbox, kinds: Collection[str]) -> tuple[Lane, Lane]:
    """One for work of these kinds, one for all other, also for kinds that nobody knows."""
    named = _named(kinds)
    return Lane(whole, claims_of(named)), Lane(whole, claims_of(~named))


def _named(kinds: Collection[str]) -> ColumnElement[bool]:
    """Written out, as the states are: `storage.beneath` takes no lists."""
    names: list[ColumnElement[Any]] = [literal_column(f"'{kind}'") for kind in sorted(kinds)]
    return outbox.c.kind.in_(names)
