"""Who hangs up while speaking, on a line whose action then tells of no recording: what the callback
or the carrier's list knows of it is a case all the same, however long it is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.flow.event import HungUp
from ivr.flow.world import Plan
from storage.tables.cases import cases, recordings
from tests.ivr.desk import RECORDING_TURN, Desk, Rung, opened

AS_LONG_AS_SILENCE = 10


@pytest.fixture
async def desk(empty_database: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    async with opened(empty_database, demo_plan) as made:
        yield made


async def hang_up(desk: Desk, call: Rung, order: str) -> None:
    """The three webhooks in an order: end, action, callback."""
    for webhook in order.split():
        if webhook == "end":
            await desk.end(call)
        elif webhook == "action":
            await desk.turn(call, RECORDING_TURN, HungUp())
        else:
            await desk.callback(call, AS_LONG_AS_SILENCE)


ORDERS = (
    "callback action end",
    "callback end action",
    "action callback end",
    "action end callback",
    "end action callback",
    "end callback action",
)


@pytest.mark.parametrize("order", ORDERS)
async def test_what_may_be_silence_is_a_case_where_no_action_says_so(
    desk: Desk, order: str
) -> None:
    call = await desk.record()
    await hang_up(desk, call, order)
    desk.clock.pass_(61)
    await desk.settle()

    case = await desk.case(call)
    (recording,) = await desk.rows(recordings)
    assert recording.reference == case.reference


@pytest.mark.parametrize("order", ["action end", "end action", "end", "action"])
async def test_without_a_callback_the_list_knows_of_it(desk: Desk, order: str) -> None:
    call = await desk.record()
    await hang_up(desk, call, order)
    if "end" not in order:
        await desk.end(call)
    desk.clock.pass_(61)
    assert await desk.settle() == 1

    assert (await desk.case(call)).reference
    assert await desk.count(recordings) == 1


async def test_a_callback_after_all_that_is_late(desk: Desk) -> None:
    """The list did not have it yet when the call was settled."""
    call = await desk.record()
    desk.recorded = False
    await hang_up(desk, call, "action end")
    desk.clock.pass_(61)
    assert await desk.settle() == 1
    assert await desk.count(cases) == 0

    await desk.callback(call, AS_LONG_AS_SILENCE)

    assert (await desk.case(call)).reference


async def test_before_the_tone_is_no_case(desk: Desk) -> None:
    call = await desk.record()
    desk.recorded = False
    await hang_up(desk, call, "action end")
    desk.clock.pass_(61)
    assert await desk.settle() == 1

    assert await desk.count(cases) == 0


async def test_a_call_that_ends_while_nothing_can_be_kept_frees_its_line_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The carrier says it once or twice: who hung up on the plan may ring again."""

    async def locked(*_: object) -> None:
        raise OSError(5, "database is locked")

    call = await desk.ring("CA1")
    monkeypatch.setattr(desk.conversation._stores.calls, "of", locked)
    with pytest.raises(OSError, match="locked"):
        await desk.end(call)
    assert desk.door.live() == 0
