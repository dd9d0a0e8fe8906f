"""The drain: each job is finished, given back with a longer wait, or given up loudly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from routing.handoff import MOST_TRIES, Handler, Handoff, Refused, TryAgain, wait_after
from routing.ports import Job

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Table:
    """An outbox in memory that notes what was done to it."""

    jobs: list[Job]
    told: list[str] = field(default_factory=list)

    async def claim(self, now: datetime, most: int) -> Sequence[Job]:
        claimed, self.jobs = self.jobs[:most], self.jobs[most:]
        return claimed

    async def sending(self, job: Job) -> None:
        self.told.append(f"sending {job.id}")

    async def done(self, job: Job, now: datetime) -> None:
        self.told.append(f"done {job.id}")

    async def again(self, job: Job, at: datetime, why: str) -> None:
        self.told.append(f"again {job.id} in {(at - NOW).total_seconds():g} s: {why}")

    async def give_up(self, job: Job, now: datetime, why: str) -> None:
        self.told.append(f"gave up {job.id}: {why}")

    async def wait(self, seconds: float) -> None:
        raise AssertionError("nothing waits in these tests")


def job(number: int, *, attempts: int = 1, kind: str = "sms") -> Job:
    return Job(number, kind, {}, attempts)


async def told(job: Job, handler: Handler, *, careful: bool = False) -> tuple[list[str], list[str]]:
    table, reported = Table([job]), list[str]()
    handoff = Handoff(
        table,
        {"sms": handler},
        StoppedClock(),
        lambda what, of, why: reported.append(f"{what} {of.kind}: {why}"),
        frozenset({"sms"} if careful else ()),
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


async def test_a_careful_job_is_marked_before_its_request_goes_out() -> None:
    assert await told(job(1), fine, careful=True) == (["sending 1", "done 1"], [])


async def test_a_job_that_may_go_through_later_is_given_back() -> None:
    assert await told(job(1, attempts=3), later) == (
        ["again 1 in 4 s: the far side is busy"],
        ["again sms: the far side is busy"],
    )


async def test_a_job_that_never_will_is_given_up_at_once() -> None:
    assert await told(job(1), never) == (
        ["gave up 1: no such number"],
        ["gave up sms: no such number"],
    )


async def test_a_job_is_given_up_after_its_last_try() -> None:
    table, _ = await told(job(1, attempts=MOST_TRIES), later)

    assert table == [f"gave up 1: the far side is busy; given up after {MOST_TRIES} tries"]


async def test_a_broken_handler_is_asked_again_and_its_words_are_not_kept() -> None:
    table, reported = await told(job(1), broken)

    assert table == ["again 1 in 1 s: ZeroDivisionError in the handler of sms"]
    assert "139" not in "".join(table + reported)


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
    ("attempts", "seconds"), [(0, 1), (1, 1), (2, 2), (5, 16), (11, 1024), (40, 1800)]
)
def test_each_wait_is_twice_the_last_up_to_half_an_hour(attempts: int, seconds: int) -> None:
    assert wait_after(attempts) == timedelta(seconds=seconds)
