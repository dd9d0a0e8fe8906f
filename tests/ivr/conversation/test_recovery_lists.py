"""What no webhook told of, the carrier's list tells: recordings that a static host took, or that no
spool could keep."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ivr.conversation import recovery
from ivr.flow.event import HungUp, Pressed
from ivr.ports.listed import CarrierCall
from storage.errors import DiskFull
from storage.tables.cases import case_callers, cases, recordings
from tests.ivr.desk import RECORDING_TURN
from tests.ivr.ruin import Ruin, one_case_of_two, only


async def test_what_a_static_host_took_while_we_were_dead_is_found(ruin: Ruin) -> None:
    await ruin.spool.know_until(ruin.desk.clock.now())
    ruin.desk.clock.pass_(7200)
    ruin.carrier_has("CA1")
    ruin.carrier_has("CA2", caller="anonymous")
    ruin.carrier_has("CA3", to="+865589999999")  # another application's
    ruin.carrier_has("CA4", ago=60)  # its webhooks may still come
    ruin.restart()
    ruin.desk.clock.pass_(30)
    await ruin.drain(2)

    assert {row.sid for row in await ruin.desk.rows(recordings)} == {"RECA1", "RECA2"}
    assert {row.office for row in await ruin.desk.rows(cases)} == {"市公安局"}
    assert len(await ruin.desk.rows(case_callers)) == 1
    ruin.desk.clock.pass_(3600)
    await ruin.drain()
    assert {row.sid for row in await ruin.desk.rows(recordings)} == {"RECA1", "RECA2", "RECA4"}


async def test_an_empty_recording_that_nobody_told_of_is_deleted(ruin: Ruin) -> None:
    """With what is kept of its call; at once where there is none, and never another's."""
    call = await ruin.desk.ring("CA2")
    await ruin.spool.know_until(ruin.desk.clock.now())
    ruin.desk.clock.pass_(7200)
    for sid in ("CA1", "CA2"):
        ruin.carrier_has(sid)
    ruin.carrier_has("CA3", to="+865589999999")  # another application's
    empty = [replace(each, ref=replace(each.ref, seconds=0)) for each in ruin.listed]
    ruin.listed[:] = empty
    ruin.restart()
    ruin.desk.clock.pass_(30)
    await ruin.drain(2)

    assert ruin.deleted == ["RECA1"]
    row = await only(ruin, recordings)
    assert (row.sid, row.call_id, row.seconds, row.reference) == ("RECA2", call.id, 0, None)
    assert await ruin.desk.rows(cases) == []


async def test_before_the_first_start_nothing_is_ours(ruin: Ruin) -> None:
    ruin.carrier_has("CA1", ago=86_400)
    ruin.desk.clock.pass_(30)
    await ruin.drain()
    ruin.desk.clock.pass_(7200)
    await ruin.drain()

    assert await ruin.desk.rows(cases) == []


async def test_what_no_spool_could_keep_is_found(
    ruin: Ruin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full for the spool too: nothing is promised, and the carrier's list has it."""
    ruin.desk.clock.pass_(60)
    await ruin.drain()

    async def full(_: object) -> None:
        raise DiskFull("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(ruin.spool, "keep", full)
        said = (await ruin.message("CA1")).decode()
    assert "还不能登记" in said
    assert "已收到" not in said
    ruin.carrier_has("CA1", ago=0)
    await ruin.drain()
    assert await ruin.desk.rows(cases) == []

    ruin.desk.clock.pass_(601)
    await ruin.drain()

    assert (await only(ruin, recordings)).sid == "RECA1"
    assert ruin.outage.unkept is None


async def test_a_recording_in_the_list_is_the_case_of_the_turn_that_was_recording(
    ruin: Ruin,
) -> None:
    """The action went to a dead process, and all that came after it: the first is the matter, what
    the plan took then joins it."""
    await ruin.spool.know_until(ruin.desk.clock.now())
    call = await ruin.desk.record("CA1")
    ruin.desk.clock.pass_(7200)
    ruin.carrier_has("CA1", ago=7000)
    again = ruin.carrier_has("CA1", ago=6900)
    ruin.listed[-1] = replace(
        ruin.listed[-1], ref=replace(ruin.listed[-1].ref, sid=f"{again}again")
    )
    await ruin.drain()

    case = await ruin.desk.case(call)
    assert case.turn == RECORDING_TURN
    await one_case_of_two(ruin)


async def test_a_message_is_a_case_where_the_carrier_has_lost_its_call(ruin: Ruin) -> None:
    """We know the call ourselves: who rang, which number, in which language."""
    await ruin.spool.know_until(ruin.desk.clock.now())
    call = await ruin.desk.ring("CA1")
    await ruin.desk.turn(call, 1, Pressed("9"))
    ruin.desk.clock.pass_(1200)
    ruin.carrier_has("CA1", ago=1100)
    ruin.calls.clear()

    await ruin.drain()

    case = await only(ruin, cases)
    assert (case.call_id, case.language, case.office) == (call.id, "en", "市公安局")
    assert (await only(ruin, recordings)).reference == case.reference


async def test_a_slow_carrier_keeps_no_message_of_the_spool_waiting(
    ruin: Ruin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look ends after its time; the next round drains first and goes on where it stood."""
    ticks = 0.0
    loop = SimpleNamespace(time=lambda: ticks)
    ours = SimpleNamespace(get_running_loop=lambda: loop, timeout=asyncio.timeout)
    monkeypatch.setattr(recovery, "asyncio", ours)
    await ruin.spool.know_until(ruin.desk.clock.now())
    ruin.desk.clock.pass_(7200)
    for number in range(5):
        ruin.carrier_has(f"CA{number}", ago=7000 - number)
    asked = ruin.fetch

    async def slow(sid: str) -> CarrierCall | None:
        nonlocal ticks
        ticks += 0.6 * recovery.LOOK_TAKES
        return await asked(sid)

    monkeypatch.setattr(ruin, "fetch", slow)
    await ruin.drain()
    first = {row.sid for row in await ruin.desk.rows(recordings)}
    await ruin.message("CA9")
    await ruin.drain()
    second = {row.sid for row in await ruin.desk.rows(recordings)}
    await ruin.drain()

    assert len(first) == 2
    assert second - first == {"RECA9", "RECA2", "RECA3"}
    assert len(await ruin.desk.rows(recordings)) == 6


async def test_a_list_that_cannot_be_had_is_asked_for_again(
    ruin: Ruin, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ruin.spool.know_until(ruin.desk.clock.now())
    ruin.desk.clock.pass_(7200)
    ruin.carrier_has("CA1")

    async def unreachable(_: object) -> None:
        raise ConnectionError("no connection to the carrier")

    with monkeypatch.context() as broken:
        broken.setattr(ruin, "since", unreachable)
        with pytest.raises(ConnectionError):
            await ruin.drain()
        await ruin.drain()  # not at once
    ruin.desk.clock.pass_(300)
    await ruin.drain()

    assert (await only(ruin, recordings)).sid == "RECA1"


async def test_a_clock_that_ran_ahead_hides_no_recording(ruin: Ruin) -> None:
    """Up to when all is known is told by the carrier's own times."""
    await ruin.spool.know_until(ruin.desk.clock.now())
    ruin.desk.clock.pass_(3600)
    ruin.desk.clock.pass_(3600)  # an hour ahead of the carrier's
    await ruin.drain()
    ruin.desk.clock.pass_(-3600)
    ruin.carrier_has("CA1", ago=0)
    ruin.desk.clock.pass_(3 * 3600)

    await ruin.drain()

    assert await only(ruin, cases)


async def test_a_date_that_cannot_be_hides_no_recording(ruin: Ruin) -> None:
    """Nor does such a row keep the list from being looked through."""
    await ruin.spool.know_until(ruin.desk.clock.now())
    ruin.desk.clock.pass_(7200)
    ruin.carrier_has("CA99", ago=-70 * 365 * 86_400)
    ruin.listed[-1] = replace(ruin.listed[-1], at=datetime.max.replace(tzinfo=UTC))
    ruin.carrier_has("CA98", ago=-70 * 365 * 86_400)
    await ruin.drain()
    ruin.carrier_has("CA1", ago=0)
    ruin.desk.clock.pass_(7200)

    await ruin.drain()

    assert (await only(ruin, recordings)).sid == "RECA1"


@pytest.mark.parametrize("over", [True, False])
async def test_a_callback_that_comes_after_the_list_opens_no_second_case(
    ruin: Ruin, *, over: bool
) -> None:
    """It was on its way for longer than any should be, or our clock ran ahead."""
    await ruin.spool.know_until(ruin.desk.clock.now())
    call = await ruin.desk.record("CA1")
    if over:
        await ruin.desk.turn(call, RECORDING_TURN, HungUp())
    ruin.desk.clock.pass_(3600)
    ruin.carrier_has("CA1", ago=1)
    ruin.desk.clock.pass_(3600)
    await ruin.drain()
    case = await ruin.desk.case(call)
    assert case.turn == RECORDING_TURN

    await ruin.desk.callback(call)
    await ruin.desk.end(call)
    ruin.desk.clock.pass_(61)
    await ruin.desk.settle()

    assert (await ruin.desk.case(call)).reference == case.reference
    assert (await only(ruin, recordings)).reference == case.reference


async def test_what_was_taken_for_a_message_is_no_second_matter(ruin: Ruin) -> None:
    """The plan had taken it for one, as it had nothing else to go by."""
    call = await ruin.desk.record("CA1")
    await ruin.message("CA1")
    await ruin.drain()
    case = await ruin.desk.case(call)

    await ruin.desk.callback(call)
    await ruin.desk.end(call)
    ruin.desk.clock.pass_(61)
    await ruin.desk.settle()

    assert (await ruin.desk.case(call)).reference == case.reference
