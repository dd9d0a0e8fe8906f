"""The sweep, and dates of the carrier's that cannot be."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.carrier.sweep import AFTER_TALK
from ivr.flow.event import HungUp
from ivr.flow.progress import CallStatus
from ivr.flow.world import Plan
from routing.ledger import EXPECTED, GapKind, Why
from tests.ivr.carrier.floor import LONGEST, MINUTE, Floor, Lists, floor_of
from tests.ivr.desk import opened

LAST = datetime.max.replace(tzinfo=UTC)


@pytest.fixture
async def floor(kind: None, empty_database: Path, demo_plan: Plan) -> AsyncIterator[Floor]:
    async with opened(empty_database, demo_plan) as desk:
        yield floor_of(desk, Lists())


async def test_a_date_that_cannot_be_hides_no_recording(floor: Floor) -> None:
    """Up to when the list is known is not told by a row of the far future; nor is such a row the
    end of every sweep."""
    for sid, at in (("CA99", floor.now.replace(year=2099)), ("CAmax", LAST)):
        floor.lists.recorded(sid, at)
        floor.lists.is_(sid, CallStatus.COMPLETED, floor.now)
    assert await floor.swept() == []
    call = await floor.desk.record()
    await floor.desk.turn(call, 3, HungUp())
    await floor.desk.end(call)
    floor.lists.recorded(call.sid, floor.now)
    floor.desk.recorded = False
    floor.pass_(MINUTE)
    assert await floor.desk.settle() == 1
    floor.pass_(EXPECTED[GapKind.RECORDING].within)

    assert await floor.swept() == []

    assert (await floor.desk.case(call)).reference


async def test_a_call_that_began_in_the_future_is_hung_up_all_the_same(floor: Floor) -> None:
    call = await floor.desk.ring()
    floor.lists.is_(call.sid, CallStatus.IN_PROGRESS, floor.now.replace(year=2099))
    floor.pass_(LONGEST + AFTER_TALK + MINUTE)

    assert await floor.swept() == [(GapKind.END, call.id, Why.STUCK)]

    assert floor.lists.hung_up == [call.sid]
