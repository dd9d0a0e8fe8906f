"""Who is turned away is told when to come again, each later than the one before; a quick channel is
waited for, a slow one is not, and a pace is kept."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest

from routing.delivery import lanes
from routing.delivery.lanes import AT_ONCE, LEAST, LONGEST, QUICK, WAITING, Hands, Lane
from routing.handoff import NotYet
from tests.deadline import DEADLINE


class Clock:
    """A loop's, which a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        loop = SimpleNamespace(time=lambda: self.now)
        monkeypatch.setattr(lanes, "asyncio", SimpleNamespace(
            get_running_loop=lambda: loop, Semaphore=asyncio.Semaphore,
        ))  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def request(lane: Lane, clock: Clock, seconds: float = 0.0) -> None:
    """One that lasts so long."""
    async with lane.turn():
        clock.now += seconds


async def turned_away(lane: Lane) -> timedelta:
    with pytest.raises(NotYet) as caught:
        async with lane.turn():
            pass
    return caught.value.after


class Held:
    """Requests that go on until they are let go."""

    def __init__(self, lane: Lane, group: asyncio.TaskGroup) -> None:
        self._lane, self._group = lane, group
        self._free = asyncio.Event()
        self.working = 0

    async def _one(self) -> None:
        async with self._lane.turn():
            self.working += 1
            await self._free.wait()

    async def begin(self, many: int) -> None:
        for _ in range(many):
            self._group.create_task(self._one())
        await asyncio.sleep(0)

    def let_go(self) -> None:
        self._free.set()


async def test_a_quick_channel_is_waited_for(clock: Clock) -> None:
    lane = Lane(Hands())
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        held = Held(lane, group)
        await held.begin(AT_ONCE + WAITING)
        assert held.working == AT_ONCE
        first, second = await turned_away(lane), await turned_away(lane)
        held.let_go()

    assert held.working == AT_ONCE + WAITING
    assert first == timedelta(seconds=LEAST / AT_ONCE)
    assert second == 2 * first


async def test_a_slow_channel_is_not(clock: Clock) -> None:
    lane = Lane(Hands())
    await request(lane, clock, seconds=20.0)
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        held = Held(lane, group)
        await held.begin(AT_ONCE)
        times = [await turned_away(lane) for _ in range(40)]
        held.let_go()

    assert times[:3] == [timedelta(seconds=10 * n) for n in (1, 2, 3)]
    assert max(times) == timedelta(seconds=LONGEST)


async def test_one_that_is_quick_again_is_waited_for_again(clock: Clock) -> None:
    lane = Lane(Hands())
    await request(lane, clock, seconds=20.0)
    await request(lane, clock, seconds=QUICK / 2)
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        held = Held(lane, group)
        await held.begin(AT_ONCE + WAITING)
        held.let_go()

    assert held.working == AT_ONCE + WAITING


async def test_a_pace_is_kept_and_every_turn_has_its_time(clock: Clock) -> None:
    lane = Lane(Hands(), pace=3.0)
    await request(lane, clock)
    assert await turned_away(lane) == timedelta(seconds=3)
    assert await turned_away(lane) == timedelta(seconds=6)
    clock.now += 3.0
    await request(lane, clock)
    clock.now += 2.0
    assert await turned_away(lane) == timedelta(seconds=4), "after the two that were told before"


async def test_a_failure_gives_the_hand_back(clock: Clock) -> None:
    hands = Hands()
    lane = Lane(hands)
    for _ in range(20):
        with pytest.raises(OSError, match="no"):
            async with lane.turn():
                raise OSError("no")

    assert hands.used == 0
