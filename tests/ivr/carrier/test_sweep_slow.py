"""The sweep where the carrier takes its time: each sweep ends, and the next one goes on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.carrier.sweep import CALLS_BY, LISTED_EVERY, RECORDINGS_BY
from ivr.flow.world import Plan
from tests.ivr.carrier.floor import WITHIN, Floor, Lists, floor_of
from tests.ivr.desk import opened

SLOW = 10
"""Answers that a sweep waits for, and not many more."""


def take(floor: Floor, seconds: float) -> None:
    """The carrier's time, by the clock that never jumps."""
    floor.ticked += seconds


@pytest.fixture
async def floor(kind: None, empty_database: Path, demo_plan: Plan) -> AsyncIterator[Floor]:
    async with opened(empty_database, demo_plan) as desk:
        yield floor_of(desk, Lists())


async def test_a_slow_carrier_keeps_no_sweep_from_its_end(floor: Floor) -> None:
    """Each of its answers takes long enough that all calls together would be cut off."""
    called = [await floor.desk.ring(f"CA{n:02}") for n in range(2 * SLOW)]
    floor.pass_(WITHIN)
    floor.lists.wait = lambda: take(floor, CALLS_BY / SLOW)

    assert len(await floor.swept()) == SLOW + 1, "the others are for the next one"
    last = await floor.ledger.last_round()
    assert last is not None
    assert last.at == floor.now
    assert len(await floor.swept()) == len(called)


async def test_recordings_that_a_slow_sweep_did_not_reach_are_for_the_next_one(
    floor: Floor,
) -> None:
    for n in range(2 * SLOW):
        floor.lists.recorded(f"CB{n:02}", floor.now + timedelta(seconds=n), f"REB{n:02}")
    floor.pass_(timedelta(hours=1))
    floor.lists.wait = lambda: take(floor, RECORDINGS_BY / SLOW)

    assert 0 < len(await floor.swept()) < 2 * SLOW
    listed = await floor.ledger.listed()
    floor.pass_(timedelta(seconds=LISTED_EVERY))
    floor.lists.wait = lambda: None
    assert len(await floor.swept()) == 2 * SLOW
    assert listed is not None
    assert listed < floor.lists.made[-1].at, "not known as far as that"
