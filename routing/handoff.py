"""Drains the outbox: durable work is claimed, handed to the handler of its kind, finished or
given back with a longer wait. Handlers are registered by `server.py` (design §6)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from routing.ports import Job, Outbox

POLL: Final = 1.0
"""Seconds between looks at the table when no commit wakes us."""
MOST_AT_ONCE: Final = 16
MOST_TRIES: Final = 12
FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=30)


class HandoffError(Exception):
    """A job that did not go through; the message says what stood in the way."""


class TryAgain(HandoffError):
    """Not now: it may go through later."""


class Refused(HandoffError):
    """It will never go through: a person has to look."""


class Clock(Protocol):
    """Now, as aware UTC."""

    def now(self) -> datetime: ...


Handler = Callable[[Job], Awaitable[None]]
Report = Callable[[str, Job, str], None]
"""Tells the operator: what happened, to which job, why. Must not name people or numbers."""


class Handoff:
    """One drain. `run` goes on until cancelled; a job cut off in the middle is claimed again
    when its lease ends. Jobs of a `careful` kind are marked before their request goes out: cut
    off then, they are in doubt, and their handler asks the far side before it repeats them."""

    def __init__(
        self,
        outbox: Outbox,
        handlers: Mapping[str, Handler],
        clock: Clock,
        report: Report,
        careful: frozenset[str] = frozenset(),
    ) -> None:
        self._outbox = outbox
        self._handlers = handlers
        self._careful = careful
        self._clock = clock
        self._report = report

    async def run(self) -> None:
        """Drain, then wait for a commit or the poll; a failing store is waited out."""
        while True:
            if not await self.drain():
                await self._outbox.wait(POLL)

    async def drain(self) -> int:
        """Everything that is due now; returns how many jobs were handled."""
        jobs = await self._outbox.claim(self._clock.now(), MOST_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(self._handle(job))
        return len(jobs)

    async def _handle(self, job: Job) -> None:
        handler = self._handlers.get(job.kind)
        if handler is None:
            await self._fail(job, f"nothing here handles jobs of kind {job.kind}")
            return
        if job.kind in self._careful:
            await self._outbox.sending(job)
        try:
            await handler(job)
        except Refused as refused:
            await self._fail(job, str(refused))
        except TryAgain as later:
            await self._later(job, str(later))
        except Exception as unexpected:  # noqa: BLE001 - one job must not stop the drain
            await self._later(job, f"{type(unexpected).__name__} in the handler of {job.kind}")
        else:
            await self._outbox.done(job, self._clock.now())

    async def _later(self, job: Job, why: str) -> None:
        if job.attempts >= MOST_TRIES:
            await self._fail(job, f"{why}; given up after {job.attempts} tries")
            return
        await self._outbox.again(job, self._clock.now() + wait_after(job.attempts), why)
        self._report("again", job, why)

    async def _fail(self, job: Job, why: str) -> None:
        await self._outbox.give_up(job, self._clock.now(), why)
        self._report("gave up", job, why)


def wait_after(attempts: int) -> timedelta:
    """Doubling from a second, half an hour at most: twelve tries span about two hours."""
    seconds = FIRST_WAIT.total_seconds() * 2.0 ** max(attempts - 1, 0)
    return min(timedelta(seconds=seconds), LONGEST_WAIT)
