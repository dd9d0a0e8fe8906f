"""A recording that no webhook told of, found in the carrier's list after its call: it becomes the
case of the turn that was recording, or the sound of a case that has none, and never a second."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from ivr.conversation.errors import ForeignCall, UnknownCall
from ivr.flow.event import HungUp
from ivr.flow.world import Plan
from ivr.ports.recordings import RecordingRef
from storage.tables.calls import steps
from storage.tables.cases import cases, recordings
from storage.tables.outbox import outbox
from tests.ivr.desk import Desk, Rung, opened

OTHER = RecordingRef("REother", "http://127.0.0.1/other", 9)


@pytest.fixture
async def desk(empty_database: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    async with opened(empty_database, demo_plan) as made:
        yield made


async def forget(desk: Desk) -> None:
    """What is left an hour after the end of a call."""
    async with desk.database.unit_of_work() as unit:
        await unit.execute(update(steps).values(state=None, event=None, reply=None))


async def sound_of(desk: Desk, call: Rung) -> str | None:
    """The recording that the call's one case has."""
    case = await desk.case(call)
    rows = await desk.rows(recordings, recordings.c.reference == case.reference)
    return rows[0].sid if rows else None


async def test_a_hang_up_without_a_word_of_its_recording(desk: Desk) -> None:
    """The action says only that the call is over, the callback is lost: nobody settles it."""
    call = await desk.record()
    await desk.turn(call, 3, HungUp())
    await desk.end(call)
    assert await desk.settle() == 0

    for _ in range(2):
        assert await desk.conversation.found(call.id, call.recording)

    assert await sound_of(desk, call) == call.recording.sid
    kinds = sorted(row.kind for row in await desk.rows(outbox, outbox.c.kind != "settle"))
    assert kinds == ["fetch_recording", "sms", "tell_office"]


async def test_it_is_told_of_after_all(desk: Desk) -> None:
    call = await desk.record()
    await desk.end(call)
    assert await desk.conversation.found(call.id, call.recording)

    reply = await desk.action(call)
    await desk.callback(call)

    assert desk.reads(reply, await desk.case(call))
    assert await desk.count(recordings) == 1


async def test_a_recording_of_nothing_is_no_case(desk: Desk) -> None:
    call = await desk.record()
    await desk.end(call)

    assert await desk.conversation.found(call.id, RecordingRef(call.recording.sid, "http://x", 0))

    assert await desk.count(cases) == 0


async def test_the_latest_turn_that_recorded_is_the_one(desk: Desk) -> None:
    """The first recording has its case; what was added to it has none."""
    call = await desk.record()
    await desk.action(call)
    case = await desk.case(call)
    await desk.end(call)

    assert not await desk.conversation.found(call.id, OTHER), "no turn was recording without words"
    assert (await desk.case(call)).reference == case.reference
    assert await desk.count(recordings) == 1


@pytest.mark.parametrize("by", ["list", "settling", "callback"])
async def test_a_case_without_sound_gets_it_after_its_call_is_forgotten(
    desk: Desk, by: str
) -> None:
    call = await desk.record()
    await desk.end(call)
    await desk.conversation.settle(call.id, None)  # the carrier could not be asked
    assert await sound_of(desk, call) is None
    await forget(desk)

    for _ in range(2):
        if by == "list":
            await desk.conversation.found(call.id, call.recording)
        elif by == "settling":
            await desk.conversation.settle(call.id, desk.listed)
        elif await sound_of(desk, call) is None:
            await desk.callback(call)
        else:
            with pytest.raises(UnknownCall):
                await desk.callback(call)

    assert await sound_of(desk, call) == call.recording.sid
    fetches = await desk.rows(outbox, outbox.c.kind == "fetch_recording")
    assert len(fetches) == 1


async def test_a_late_callback_takes_no_recording_from_its_case(desk: Desk) -> None:
    """A callback again, when all is forgotten, of a call with another case that has no sound."""
    call = await desk.record()
    await desk.action(call)
    first = await desk.case(call)
    another = first._asdict() | {"reference": "46270395", "turn": 9}
    async with desk.database.unit_of_work() as unit:
        await unit.execute(cases.insert().values(another))
    await forget(desk)

    with pytest.raises(UnknownCall):
        await desk.callback(call)

    (row,) = await desk.rows(recordings)
    assert row.reference == first.reference


async def test_another_calls_callback_is_refused_though_all_is_forgotten(desk: Desk) -> None:
    call, other = await desk.record("CA1"), await desk.record("CA2")
    await forget(desk)

    with pytest.raises(ForeignCall):
        await desk.callback(Rung(other.sid, call.id))
