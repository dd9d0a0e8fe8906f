"""The outbox: durable work, claimed with a lease, finished once, given up loudly (design §6).
Implements `routing.ports.Outbox`."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Update, select, update

from routing.ports import Job
from storage.engine import Database
from storage.tables.outbox import outbox

LEASE: Final = timedelta(seconds=60)
"""A job that nobody finished within this time is claimed again."""


class StoredOutbox:
    """One table, shared by all who enqueue; `Database.woken` tells of a commit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, most: int) -> Sequence[Job]:
        """Jobs that are due, oldest first; ours until the lease ends."""
        due = (
            select(outbox.c.id)
            .where(outbox.c.state.in_(["ready", "sending"]), outbox.c.run_at <= now)
            .order_by(outbox.c.run_at)
            .limit(most)
        )
        async with self._database.reading() as connection:
            if (await connection.execute(due.limit(1))).first() is None:
                return ()
        claim = (
            update(outbox)
            .where(outbox.c.id.in_(due.with_for_update(skip_locked=True)))
            .values(run_at=now + LEASE, attempts=outbox.c.attempts + 1)
            .returning(
                outbox.c.id, outbox.c.kind, outbox.c.payload, outbox.c.attempts, outbox.c.key
            )
        )
        async with self._database.unit_of_work() as connection:
            rows = (await connection.execute(claim)).all()
        return [Job(r.id, r.kind, json.loads(r.payload), r.attempts, r.key) for r in rows]

    async def sending(self, job: Job) -> None:
        """Mark that a request goes out now."""
        await self._set(job, state="sending")

    async def done(self, job: Job, now: datetime) -> None:
        """Finish it; what its payload says of people is dropped."""
        await self._set(job, state="done", payload="{}", finished=now, error=None)

    async def again(self, job: Job, at: datetime, why: str) -> None:
        """Give it back until `at`."""
        await self._set(job, state="ready", run_at=at, error=why)

    async def give_up(self, job: Job, now: datetime, why: str) -> None:
        """Keep it as failed for a person to see."""
        await self._set(job, state="dead", finished=now, error=why)

    async def wait(self, seconds: float) -> None:
        """Until the next commit that enqueued something, or `seconds`."""
        await self._database.woken.wait(seconds)

    async def _set(self, job: Job, **values: Any) -> None:
        """Only whoever holds the latest claim may finish a job."""
        change: Update = (
            update(outbox)
            .where(outbox.c.id == job.id, outbox.c.attempts == job.attempts)
            .values(**values)
        )
        async with self._database.unit_of_work() as connection:
            await connection.execute(change)
