"""The drain: each job is finished, given back with a longer wait, or given up loudly; none waits
for a slow one beside it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from routing.handoff import (
    IN_TURN,
    MOST_AT_ONCE,
    MOST_TRIES,
    Handler,
    Handoff,
    NotYet,
    Refused,
    TryAgain,
    wait_after,
)
from routing.ports import Job, JobKind, NewJob
from tests.deadline import DEADLINE

NOW, FULL = datetime(2026, 11, 24, 2, 0, tzinfo=UTC), "the disk is full"


class StoppedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Table:
    """An outbox in memory that notes what was done to it."""

    jobs: list[Job]
    told: list[str] = field(default_factory=list)
    full: bool = False

    async def claim(self, now: datetime, most: int) -> Sequence[Job]:
        claimed, self.jobs = self.jobs[:most], self.jobs[most:]
        return claimed

    async def sending(self, job: Job) -> None:
        self.told.append(f"sending {job.id}")

    async def done(self, job: Job, now: datetime) -> Sequence[str]:
        self.told.append(f"done {job.id}")
        return self._followed(job)

    async def again(
        self, job: Job, at: datetime, why: str, *, counted: bool = True
    ) -> Sequence[str]:
        word = "again" if counted else "waits"
        self.told.append(f"{word} {job.id} in {(at - NOW).total_seconds():g} s: {why}")
        return self._followed(job)

    async def give_up(self, job: Job, now: datetime, why: str) -> Sequence[str]:
        self.told.append(f"gave up {job.id}: {why}")
        return self._followed(job)

    def _followed(self, job: Job) -> Sequence[str]:
        keys = [new.key for new in job.follows]
        self.told.extend([] if self.full else keys)
        return keys if self.full else []

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(0)


def job(number: int, *, tries: int = 1, kind: str = "sms") -> Job:
    """Claimed more often than tried: kills and full disks do not count."""
    return Job(number, kind, {}, tries + 40, failures=tries - 1)


async def told(job: Job, handler: Handler, **how: bool) -> tuple[list[str], list[str]]:
    table, reported = Table([job], full=how.get("full", False)), list[str]()
    handoff = Handoff(
        table,
        {"sms": handler},
        StoppedClock(),
        lambda what, of, why: reported.append(f"{what} {of.kind}: {why}"),
        careful=frozenset({"sms"} if how.get("careful") else ()),
        ours=(MemoryError,),
    )
    await handoff.drain()
    return table.told, reported


async def fine(_: Job) -> None:
    """Goes through."""


async def later(_: Job) -> None:
    raise TryAgain("the far side is busy")


async def never(_: Job) -> None:
    raise Refused("no such number")


async def broken(_: Job) -> None:
    raise ZeroDivisionError("+8613900000012")


async def test_a_job_that_goes_through_is_done() -> None:
    assert await told(job(1), fine) == (["done 1"], [])


@pytest.mark.parametrize(
    "error", [None, TryAgain("busy"), NotYet("full"), Refused("no"), OSError()]
)
async def test_what_follows_is_handed_over_with_any_end(error: Exception | None) -> None:
    async def handle(job: Job) -> None:
        job.follows.append(NewJob(JobKind.HEED, {}, "what follows", NOW))
        if error is not None:
            raise error

    assert (await told(job(1), handle))[0][1:] == ["what follows"]
    turned_away, reported = await told(job(1), handle, full=True)
    assert len(turned_away) == 1
    assert reported[-1].startswith("left out sms: what follows")


async def test_a_careful_job_is_marked_before_its_request_goes_out() -> None:
    assert await told(job(1), fine, careful=True) == (["sending 1", "done 1"], [])


async def test_a_job_that_may_go_through_later_is_given_back() -> None:
    assert await told(job(1, tries=3), later) == (
        ["again 1 in 4 s: the far side is busy"],
        ["again sms: the far side is busy"],
    )


async def test_a_job_that_never_will_is_given_up_at_once() -> None:
    assert await told(job(1), never) == (
        ["gave up 1: no such number"],
        ["gave up sms: no such number"],
    )


async def test_a_job_is_given_up_after_its_last_try() -> None:
    table, _ = await told(job(1, tries=MOST_TRIES), later)

    assert table == [f"gave up 1: the far side is busy; given up after {MOST_TRIES} tries"]


async def test_a_broken_handler_is_asked_again_and_its_words_are_not_kept() -> None:
    table, reported = await told(job(1), broken)

    assert table == ["again 1 in 1 s: ZeroDivisionError in the handler of sms"]
    assert "139" not in "".join(table + reported)


@pytest.mark.parametrize("wrong", [NotYet(FULL), MemoryError(FULL), NotYet(FULL, in_turn=True)])
@pytest.mark.parametrize("tries", [1, MOST_TRIES])
async def test_what_is_ours_to_mend_costs_no_try(wrong: Exception, tries: int) -> None:
    async def waiting(_: Job) -> None:
        raise wrong

    assert await told(job(1, tries=tries), waiting) == (
        ["waits 1 in 60 s: the disk is full"],
        [f"{IN_TURN if getattr(wrong, 'in_turn', False) else 'waits'} sms: the disk is full"],
    )


@pytest.mark.parametrize(
    ("after", "tries", "seconds"), [(30, 1, 30), (30, 8, 128), (7200, 1, 1800), (0, 1, 1)]
)
async def test_who_asks_to_be_left_alone_is(after: int, tries: int, seconds: int) -> None:
    async def busy(_: Job) -> None:
        raise TryAgain("busy", after=timedelta(seconds=after))

    table, _ = await told(job(1, tries=tries), busy)
    assert table == [f"again 1 in {seconds} s: busy"]


async def test_a_kind_that_nobody_handles_is_given_up() -> None:
    table, _ = await told(job(1, kind="fax"), fine)

    assert table == ["gave up 1: nothing here handles jobs of kind fax"]


async def test_one_failing_job_does_not_stop_the_others() -> None:
    table = Table([job(1), job(2, kind="mail"), job(3)])
    handoff = Handoff(
        table, {"sms": fine, "mail": broken}, StoppedClock(), lambda what, of, why: None
    )

    assert await handoff.drain() == 3
    assert sorted(line for line in table.told if line.startswith("done")) == ["done 1", "done 3"]


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 1), (1, 1), (2, 2), (5, 16), (11, 1024), (40, 1800)]
)
def test_each_wait_is_twice_the_last_up_to_half_an_hour(tries: int, seconds: int) -> None:
    assert wait_after(tries) == timedelta(seconds=seconds)


def test_all_tries_together_outlast_two_hours_of_silence() -> None:
    """Which what stays at the carrier, and what a caller was told, rely on; a clock that jumps an
    hour ahead leaves one of them."""
    waits = [wait_after(tries) for tries in range(1, MOST_TRIES)]

    assert timedelta(hours=2) <= sum(waits, timedelta(0)) < timedelta(hours=3)


@dataclass
class Line:
    """Jobs that end when they are told to; counts how often each began, and how many at once."""

    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    began: Counter[int] = field(default_factory=Counter)
    at_once: int = 0
    most: int = 0

    async def __call__(self, job: Job) -> None:
        self.began[job.id] += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            if job.id in self.gates:
                await self.gates[job.id].wait()
            else:
                await asyncio.sleep(0)
        finally:
            self.at_once -= 1


@contextlib.asynccontextmanager
async def running(handoff: Handoff) -> AsyncIterator[asyncio.Task[None]]:
    """The drain at work; over within its deadline."""
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        task = group.create_task(handoff.run())
        yield task
        task.cancel()


def ended(table: Table) -> set[int]:
    return {int(line.split()[1]) for line in table.told if line.startswith("done")}


async def until_ended(table: Table, jobs: set[int]) -> None:
    while not jobs <= ended(table):
        await asyncio.sleep(0)


def silent(what: str, of: Job, why: str) -> None:
    """Tells nobody."""


async def test_fast_jobs_do_not_wait_for_a_slow_one_and_none_runs_twice() -> None:
    slow, line = asyncio.Event(), Line()
    line.gates[1] = slow
    fast = set(range(2, 5 * MOST_AT_ONCE))
    table = Table([job(number) for number in (1, *sorted(fast))])

    async with running(Handoff(table, {"sms": line}, StoppedClock(), silent)):
        await until_ended(table, fast)
        assert ended(table) == fast, "the slow one is still at work"
        slow.set()
        await until_ended(table, {1})

    assert line.began == Counter(dict.fromkeys((1, *fast), 1))
    assert line.most <= MOST_AT_ONCE


async def test_no_more_is_claimed_than_there_are_hands() -> None:
    gate, line = asyncio.Event(), Line()
    jobs = range(1, MOST_AT_ONCE + 4)
    line.gates = dict.fromkeys(jobs, gate)
    table = Table([job(number) for number in jobs])

    async with running(Handoff(table, {"sms": line}, StoppedClock(), silent)):
        while line.at_once < MOST_AT_ONCE:
            await asyncio.sleep(0)
        assert len(table.jobs) == 3, "the rest is nobody's, so that no lease of theirs runs"
        gate.set()
        await until_ended(table, set(jobs))


async def test_a_handler_that_does_not_end_is_cut_off_and_asked_again() -> None:
    line = Line(gates={1: asyncio.Event()})
    table = Table([job(1, tries=2)])
    handoff = Handoff(
        table, {"sms": line}, StoppedClock(), silent, longest=timedelta(milliseconds=1)
    )

    await handoff.drain()

    assert table.told == ["again 1 in 2 s: the handler of sms did not end within 0.001 s"]
    assert line.at_once == 0


@dataclass
class Forgetful(Table):
    """Cannot note that the first job is done."""

    async def done(self, job: Job, now: datetime) -> Sequence[str]:
        if job.id == 1:
            raise OSError("the disk is full")
        return await super().done(job, now)


async def test_a_store_that_does_not_take_the_end_of_a_job_cuts_no_other_off() -> None:
    slow, line = asyncio.Event(), Line()
    line.gates[2] = slow
    table, reported = Forgetful([job(1), job(2)]), list[str]()

    def report(what: str, of: Job, why: str) -> None:
        reported.append(f"{what} {of.id}: {why}")
        slow.set()

    async with running(Handoff(table, {"sms": line}, StoppedClock(), report)):
        await until_ended(table, {2})

    assert reported == ["not noted 1: OSError; it comes back when its lease ends"]


async def test_who_stops_the_drain_stops_its_jobs() -> None:
    line = Line(gates={1: asyncio.Event()})
    table = Table([job(1)])

    async with running(Handoff(table, {"sms": line}, StoppedClock(), silent)):
        while not line.at_once:
            await asyncio.sleep(0)

    assert line.at_once == 0
    assert table.told == [], "it is claimed again when its lease ends"


@dataclass
class Broken(Table):
    """Hands out what it has, then fails."""

    async def claim(self, now: datetime, most: int) -> Sequence[Job]:
        if not self.jobs:
            raise OSError("the disk is full")
        return await super().claim(now, 1)


async def test_a_store_that_fails_leaves_the_jobs_in_hand_alone() -> None:
    gate, line = asyncio.Event(), Line()
    line.gates = dict.fromkeys((1, 2), gate)
    table = Broken([job(1)])
    handoff = Handoff(table, {"sms": line}, StoppedClock(), silent)

    with pytest.raises(OSError, match="full"):
        await asyncio.wait_for(handoff.run(), DEADLINE)
    table.jobs = [job(2)]
    with pytest.raises(OSError, match="full"):
        await asyncio.wait_for(handoff.run(), DEADLINE)
    while line.at_once < 2:
        await asyncio.sleep(0)
    gate.set()
    await until_ended(table, {1, 2})
    await handoff.stop()

    assert line.began == Counter({1: 1, 2: 1})


@dataclass
class Leases(Table):
    """An outbox whose clock jumps: what is at work is claimed once more, with an attempt more."""

    held: dict[int, int] = field(default_factory=dict)

    async def claim(self, now: datetime, most: int) -> Sequence[Job]:
        claimed = await super().claim(now, most)
        self.held |= {job.id: job.attempts for job in claimed}
        return claimed

    async def done(self, job: Job, now: datetime) -> Sequence[str]:
        assert self.held[job.id] == job.attempts, "only whoever holds the latest claim may finish"
        return await super().done(job, now)


async def test_a_clock_that_jumps_does_not_have_a_job_at_work_twice() -> None:
    """The lease of what is in hand seems to have ended: it is held on to, not begun again."""
    line = Line(gates={1: asyncio.Event()})
    table = Leases([job(1)])

    async with running(Handoff(table, {"sms": line}, StoppedClock(), silent)):
        while not line.began[1]:
            await asyncio.sleep(0)
        table.jobs += [replace(job(1), attempts=50, follows=[]), job(2)]
        await until_ended(table, {2})
        assert line.began[1] == 1
        line.gates[1].set()
        await until_ended(table, {1})
        table.jobs.append(job(1))
        while line.began[1] < 2:
            await asyncio.sleep(0)

    assert line.began == Counter({1: 2, 2: 1}), "again once it had ended"
