"""Drains the outbox: durable work is claimed, handed to the handler of its kind, finished or
given back with a longer wait. Handlers are registered by `server.py` (design §6)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from routing.ports import Clock, Job, Outbox

POLL: Final = 1.0
"""Seconds between looks at the table when no commit wakes us."""
MOST_AT_ONCE: Final = 16
"""Jobs in hand; more are claimed as these end, so that no lease runs while a job only waits."""
GIVES_WAY: Final = 0.1
"""Seconds that work waits for a moment in which there is none that goes before it; then one job of
it begins all the same, so that a long rush keeps none for ever."""
LONGEST_JOB: Final = timedelta(seconds=150)
"""A handler is cut off then: above the two minutes that fetching a recording may take, below the
lease (`storage.outbox`), so that nobody else begins a job that is still at work here."""
MOST_TRIES: Final = 15
"""Doubling from a second they span two hours, of which a clock that jumps may take one."""
FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=30)
CASE_COMES: Final = 8
"""Tries within which a recording has its case: two minutes, after the end of a call too. Later
ones have none: nobody was heard to speak in them."""
OURS_MENDS: Final = timedelta(minutes=1)
"""Until a job is tried again that something of our own kept from its work."""


class HandoffError(Exception):
    """A job that did not go through; the message says what stood in the way."""


class TryAgain(HandoffError):
    """Not now: it may go through later, not before `after`, where the far side said so."""

    def __init__(self, message: str, *, after: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.after = after


class NotYet(HandoffError):
    """Something of our own is in the way (a full disk, the hour): it is no try, and is asked again
    until it is mended. A full disk over a night must not cost a caller's recording. `after` is when
    to look again; `in_turn` says that nothing is wrong, and others or an hour come first."""

    def __init__(
        self, message: str, *, after: timedelta = OURS_MENDS, in_turn: bool = False
    ) -> None:
        super().__init__(message)
        self.after = after
        self.in_turn = in_turn


class Refused(HandoffError):
    """It will never go through: a person has to look."""


def retry_after(
    told: str, most: timedelta = LONGEST_WAIT, now: datetime | None = None
) -> timedelta:
    """How long a header Retry-After asks to wait, `most` at the most: in seconds, or until a date
    where it is known what is `now`; none where it is neither (RFC 9110 §10.2.3)."""
    wait = timedelta(0)
    if told.isascii() and told.isdigit() and len(told) <= 9:
        wait = timedelta(seconds=int(told))
    elif told and now is not None:
        try:
            at = parsedate_to_datetime(told)
        except (ValueError, OverflowError):  # the latter of hours that no machine counts
            return wait
        wait = at.replace(tzinfo=at.tzinfo or UTC) - now
    return min(max(wait, timedelta(0)), most)


Handler = Callable[[Job], Awaitable[None]]
"""Carries out a job; what follows from it goes to `job.follows` as soon as it is known."""
Report = Callable[[str, Job, str], None]
"""Tells the operator: what happened, to which job, why. Must not name people or numbers."""
IN_TURN: Final = "in turn"
"""What is told of a job that waits though nothing is wrong."""


class Handoff:
    """One drain. `run` goes on until cancelled; a job cut off in the middle is claimed again
    when its lease ends. Jobs of a `careful` kind are marked before their request goes out: cut
    off then, they are in doubt, and their handler asks the far side before it repeats them.
    Errors of the kinds `ours` mean what NotYet means. A job that is claimed anew while it is in
    hand here, since the clock has jumped, is held on to and not begun again. While the drain
    `before` has anything in hand, this one begins its jobs singly, between that one's."""

    def __init__(
        self,
        outbox: Outbox,
        handlers: Mapping[str, Handler],
        clock: Clock,
        report: Report,
        *,
        careful: frozenset[str] = frozenset(),
        ours: tuple[type[Exception], ...] = (),
        longest: timedelta = LONGEST_JOB,
        before: "Handoff | None" = None,
    ) -> None:
        self._outbox = outbox
        self._handlers = handlers
        self._careful = careful
        self._ours = ours
        self._clock = clock
        self._report = report
        self._longest = longest
        self._before = before
        self._rest = asyncio.Event()
        """While it neither has anything in hand nor looks for it."""
        self._rest.set()
        self._looking = False
        self._running: set[asyncio.Task[None]] = set()
        self._held: dict[int, Job] = {}

    async def run(self) -> None:
        """Claim as hands get free; with nothing more due, wait for a commit or the poll. A store
        that cannot be claimed from raises: the jobs in hand go on, and `run` is called again."""
        try:
            while True:
                if not await self._look():
                    await self._outbox.wait(POLL)
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def _look(self) -> bool:
        """Claim; at rest where there was nothing, and nothing is in hand."""
        most = MOST_AT_ONCE if self._before is None else await self._before.room_beside()
        self._rest.clear()
        self._looking = True
        try:
            return await self._claim(most)
        finally:
            self._looking = False
            self._rested()

    async def room_beside(self) -> int:
        """How many jobs of another drain, to which this one goes before, may begin now."""
        if self._rest.is_set():
            return MOST_AT_ONCE
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GIVES_WAY):
                await self._rest.wait()
        return 1

    def _rested(self) -> None:
        if not self._running and not self._looking:
            self._rest.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._rested()

    async def drain(self) -> int:
        """What is due now, as much as there are hands for; returns how many jobs were handled."""
        await self._claim()
        mine = list(self._running)
        await asyncio.gather(*mine)
        return len(mine)

    async def _claim(self, most: int = MOST_AT_ONCE) -> bool:
        """Begin what is due, once a hand is free. True where more may be due."""
        while (free := min(most, MOST_AT_ONCE - len(self._running))) < 1:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        jobs = await self._outbox.claim(self._clock.now(), free)
        for job in jobs:
            begun = job.id in self._held
            self._held[job.id] = job
            if begun:
                continue
            task = asyncio.get_running_loop().create_task(self._handle(job), name="outbox")
            self._running.add(task)
            task.add_done_callback(self._ended)
        return len(jobs) == free

    def let_go(self) -> None:
        """Cut off the jobs in hand: they come back when their lease ends, or at the next start."""
        for task in self._running:
            task.cancel()

    async def stop(self) -> None:
        """The same, and wait until none is at work."""
        self.let_go()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _handle(self, job: Job) -> None:
        """A store that does not take note must cut off no other job."""
        try:
            await self._carry_out(job)
        except Exception as unexpected:  # noqa: BLE001 - as above
            why = f"{type(unexpected).__name__}; it comes back when its lease ends"
            self._report("not noted", job, why)
        finally:
            del self._held[job.id]

    async def _carry_out(self, job: Job) -> None:
        handler = self._handlers.get(job.kind)
        if handler is None:
            await self._fail(job, f"nothing here handles jobs of kind {job.kind}")
            return
        bound = self._longest.total_seconds()
        try:
            async with asyncio.timeout(bound) as limit:
                if job.kind in self._careful:
                    await self._outbox.sending(job)
                await handler(job)
        except Refused as refused:
            await self._fail(job, str(refused))
        except TryAgain as later:
            await self._later(job, str(later), later.after)
        except NotYet as waiting:
            what = IN_TURN if waiting.in_turn else "waits"
            await self._wait(job, str(waiting), waiting.after, what)
        except self._ours as mending:
            await self._wait(job, str(mending), OURS_MENDS)
        except Exception as unexpected:  # noqa: BLE001 - one job must not stop the drain
            slow = f"the handler of {job.kind} did not end within {bound:g} s"
            told = f"{type(unexpected).__name__} in the handler of {job.kind}"
            await self._later(job, slow if limit.expired() else told)
        else:
            self._noted(job, await self._outbox.done(self._latest(job), self._clock.now()))

    def _latest(self, job: Job) -> Job:
        """As it was claimed last, with what follows from it and what went out."""
        return replace(self._held[job.id], follows=job.follows, went_out=job.went_out)

    def _noted(self, job: Job, left_out: Sequence[str]) -> None:
        """Tell of what follows from it and was turned away."""
        for _ in left_out:
            self._report("left out", job, "what follows from it: its share of the day is used up")

    async def _later(self, job: Job, why: str, after: timedelta = timedelta(0)) -> None:
        if job.tries >= MOST_TRIES:
            await self._fail(job, f"{why}; given up after {job.tries} tries")
            return
        wait = min(max(wait_after(job.tries), after), LONGEST_WAIT)
        left_out = await self._outbox.again(self._latest(job), self._clock.now() + wait, why)
        self._report("again", job, why)
        self._noted(job, left_out)

    async def _wait(self, job: Job, why: str, after: timedelta, what: str = "waits") -> None:
        again = self._clock.now() + after
        left_out = await self._outbox.again(self._latest(job), again, why, counted=False)
        self._report(what, job, why)
        self._noted(job, left_out)

    async def _fail(self, job: Job, why: str) -> None:
        left_out = await self._outbox.give_up(self._latest(job), self._clock.now(), why)
        self._report("gave up", job, why)
        self._noted(job, left_out)


@dataclass(frozen=True, slots=True)
class Drains:
    """Those of one outbox, each with kinds and hands of its own."""

    each: Sequence[Handoff]

    async def drain(self) -> int:
        """As `Handoff.drain`."""
        return sum(await asyncio.gather(*(one.drain() for one in self.each)))

    def let_go(self) -> None:
        """As `Handoff.let_go`."""
        for one in self.each:
            one.let_go()

    async def stop(self) -> None:
        """As `Handoff.stop`."""
        await asyncio.gather(*(one.stop() for one in self.each))


def wait_after(tries: int) -> timedelta:
    """Doubling from a second, half an hour at most."""
    seconds = FIRST_WAIT.total_seconds() * 2.0 ** max(tries - 1, 0)
    return min(timedelta(seconds=seconds), LONGEST_WAIT)
