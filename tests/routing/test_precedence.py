"""A drain that goes before another: the other's work begins once it has nothing in hand, and
singly where it always has."""

import asyncio
import itertools
from dataclasses import dataclass, field

import pytest

from routing import handoff
from routing.handoff import MOST_AT_ONCE, Handoff
from routing.ports import Job
from tests.deadline import DEADLINE
from tests.routing.test_handoff import Line, StoppedClock, Table, job, running, silent, until_ended


@dataclass
class Order:
    """Which jobs began, in their order; each takes some turns of the loop."""

    began: list[int] = field(default_factory=list)

    async def __call__(self, job: Job) -> None:
        self.began.append(job.id)
        for _ in range(20):
            await asyncio.sleep(0)


def both(
    first: Table, then: Table, handler: Order | Line, *, slow: Line | None = None
) -> tuple[Handoff, Handoff]:
    mails = Handoff(first, {"sms": slow or handler}, StoppedClock(), silent)
    return mails, Handoff(then, {"sms": handler}, StoppedClock(), silent, before=mails)


async def test_what_goes_before_is_begun_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handoff, "GIVES_WAY", DEADLINE)
    first, then, order = Table([job(n) for n in (1, 2)]), Table([job(n) for n in (7, 8)]), Order()
    mails, others = both(first, then, order)
    async with running(mails), running(others):
        await until_ended(then, {7, 8})

    assert order.began == [1, 2, 7, 8]


async def test_a_rush_that_does_not_end_keeps_no_other_work_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handoff, "GIVES_WAY", 0.001)
    endless, line = Line(gates={1: asyncio.Event()}), Line()
    first, then = Table([job(1)]), Table([job(n) for n in (7, 8, 9)])
    mails, others = both(first, then, line, slow=endless)
    async with running(mails), running(others):
        await until_ended(then, {7, 8, 9})
        assert endless.at_once == 1

    assert line.most == 1, "singly, between the others"


async def test_at_rest_it_leaves_all_hands_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handoff, "GIVES_WAY", 0.001)
    line = Line(gates={1: asyncio.Event()})
    mails, _ = both(Table([job(1)]), Table([]), line)
    assert await mails.room_beside() == MOST_AT_ONCE
    async with running(mails):
        while not line.at_once:
            await asyncio.sleep(0)
        assert await mails.room_beside() == 1
        line.gates[1].set()
        for _ in itertools.takewhile(lambda _: line.at_once, itertools.repeat(None)):
            await asyncio.sleep(0)
        monkeypatch.setattr(handoff, "GIVES_WAY", DEADLINE)
        async with asyncio.timeout(DEADLINE):
            while await mails.room_beside() < MOST_AT_ONCE:
                await asyncio.sleep(0)
