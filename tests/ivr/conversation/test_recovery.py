"""After an outage each recording that was accepted is one case, whatever its call knew before,
however often the drain is begun again, wherever its process ends."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ivr.conversation.messages import PLAN_TURN
from ivr.conversation.recovery import MOST_FAILURES
from ivr.flow.event import Pressed, RecordingEnd
from ivr.flow.fallback import Line
from routing.cases.case import Confidentiality
from storage.errors import DiskFull
from storage.tables.calls import calls, steps
from storage.tables.cases import case_callers, cases, recordings
from tests.ivr.desk import CALLER, LINE, RECORDING_TURN, SECONDS, Rung
from tests.ivr.ruin import Fuse, Killed, Ruin, jobs, one_case_of_two, only

LANDLINE = "+865581234567"
STEPS_OF_A_DRAIN = 20


def left(ruin: Ruin) -> list[Path]:
    return list(ruin.folder.glob("*.jsonl"))


async def test_a_message_of_a_call_that_nobody_saw_is_a_case_like_any_other(ruin: Ruin) -> None:
    """At the office of the number that was dialled, with its sound to be fetched, the office to be
    told and number and PIN texted."""
    await ruin.message("CA1")
    await ruin.drain()

    case = await only(ruin, cases)
    assert (case.office, case.dialled, case.language) == ("市公安局", LINE, "zh-CN")
    assert (case.turn, case.topic) == (PLAN_TURN, "safety")
    recording = await only(ruin, recordings)
    assert (recording.sid, recording.reference, recording.seconds) == (
        "RECA1",
        case.reference,
        SECONDS,
    )
    assert recording.url == "http://127.0.0.1/RECA1"
    assert (await only(ruin, case_callers)).tail == CALLER[-2:]
    assert (await only(ruin, calls)).sid == "CA1"
    assert await jobs(ruin) == ["fetch_recording", "sms", "tell_office"]
    assert left(ruin) == []


async def test_however_often_it_is_drained(ruin: Ruin) -> None:
    await ruin.message("CA1")
    kept = left(ruin)[0].read_bytes()
    await ruin.drain(3)
    ruin.restart()
    (ruin.folder / "20261124T020000-again.jsonl").write_bytes(kept * 2)
    await ruin.drain(3)

    assert len(await ruin.desk.rows(cases)) == 1
    assert await jobs(ruin) == ["fetch_recording", "sms", "tell_office"]
    assert left(ruin) == []


@pytest.mark.parametrize(("caller", "texts"), [(None, 0), (LANDLINE, 0), (CALLER, 1)])
async def test_only_a_mobile_gets_the_number_by_text(
    ruin: Ruin, caller: str | None, texts: int
) -> None:
    await ruin.message("CA1", Line(LINE, caller))
    await ruin.drain()

    assert (await jobs(ruin)).count("sms") == texts
    assert len(await ruin.desk.rows(case_callers)) == (caller is not None)


@pytest.mark.parametrize("dialled", ["", "+865589999999", "110"])
async def test_a_number_that_nobody_knows_has_an_office_all_the_same(
    ruin: Ruin, dialled: str
) -> None:
    await ruin.message("CA1", Line(dialled, CALLER))
    await ruin.drain()

    case = await only(ruin, cases)
    assert case.office in ruin.desk.plans.current.directory.offices


async def test_what_the_call_knew_before_decides(ruin: Ruin) -> None:
    """A complaint about the office never goes to that office, whatever failed in between."""
    call = await ruin.desk.ring("CA1")
    await ruin.desk.turn(call, 1, Pressed("2"))
    await ruin.desk.turn(call, 2, Pressed("3"))
    await ruin.desk.turn(call, 3, Pressed("1"))
    await ruin.message("CA1")
    await ruin.drain()

    case = await only(ruin, cases)
    assert case.kind == "complaint"
    assert case.office != "市公安局"
    assert case.confidentiality == Confidentiality.CONFIDENTIAL
    assert case.call_id == call.id
    assert len(await ruin.desk.rows(calls)) == 1


@pytest.mark.parametrize("end", [RecordingEnd.FINISHED, RecordingEnd.HANGUP, RecordingEnd.PERSON])
@pytest.mark.parametrize("seconds", [1, 10, 11, SECONDS])
async def test_a_matter_that_could_not_be_kept_is_its_turns_case(
    ruin: Ruin, end: RecordingEnd, seconds: int
) -> None:
    """Also one as long as the silence that ends a recording: it is known that it was no silence."""
    call = await ruin.desk.record("CA1")
    said = await ruin.matter(call, RECORDING_TURN, end, seconds)
    assert b"/turn/" not in said
    await ruin.drain(2)

    case = await ruin.desk.case(call)
    assert (case.turn, case.kind) == (RECORDING_TURN, "enquiry")
    assert (await only(ruin, recordings)).reference == case.reference


@pytest.mark.parametrize("late", ["callback", "action", "end"])
@pytest.mark.parametrize("first", [False, True])
async def test_late_webhooks_of_that_matter_join_it(ruin: Ruin, late: str, *, first: bool) -> None:
    """A step that timed out may be committed after the plan has answered in its place."""
    call = await ruin.desk.record("CA1")
    await ruin.matter(call, RECORDING_TURN)
    if not first:
        await ruin.drain()
    hooks: dict[str, Callable[[Rung], Awaitable[object]]] = {
        "callback": ruin.desk.callback,
        "action": ruin.desk.action,
        "end": ruin.desk.end,
    }
    await hooks[late](call)
    await ruin.drain()
    ruin.desk.clock.pass_(61)
    await ruin.desk.settle()

    case = await ruin.desk.case(call)
    assert (await only(ruin, recordings)).reference == case.reference
    assert (await jobs(ruin)).count("tell_office") == 1


async def test_who_says_it_again_to_the_plan_has_one_case_with_both(ruin: Ruin) -> None:
    call = await ruin.desk.record("CA1")
    await ruin.desk.callback(call)
    assert "已收到" in (await ruin.message("CA1", recording="REagain")).decode()
    await ruin.drain()

    await one_case_of_two(ruin)
    assert (await ruin.desk.case(call)).turn == RECORDING_TURN


async def test_two_messages_of_a_call_are_one_case(ruin: Ruin) -> None:
    await ruin.message("CA1")
    await ruin.message("CA1", recording="REagain")
    await ruin.drain()

    await one_case_of_two(ruin)


async def test_a_message_stays_with_its_case_whatever_its_call_opens_later(ruin: Ruin) -> None:
    """The line is read again after a kill; meanwhile a late callback has opened a matter."""
    call = await ruin.desk.record("CA1")
    await ruin.message("CA1", recording="REmessage")
    kept = left(ruin)[0].read_bytes()
    await ruin.drain()
    await ruin.desk.callback(call)
    before = await ruin.desk.rows(recordings)
    ruin.restart()
    (ruin.folder / "again.jsonl").write_bytes(kept)
    await ruin.drain()

    assert sorted(await ruin.desk.rows(recordings)) == sorted(before)
    assert len({row.reference for row in before}) == 2


async def test_an_empty_recording_is_deleted_and_no_case(ruin: Ruin) -> None:
    """At once where no call is known; else with what is kept of the call."""
    call = await ruin.desk.ring("CA2")
    for sid in ("CA1", "CA2"):
        await ruin.message(sid, seconds=10, end=RecordingEnd.SILENCE)
    await ruin.drain(2)

    assert ruin.deleted == ["RECA1"]
    row = await only(ruin, recordings)
    assert (row.sid, row.call_id, row.reference) == ("RECA2", call.id, None)
    assert await ruin.desk.rows(cases) == []


async def test_a_turn_of_another_call_is_not_believed(ruin: Ruin) -> None:
    """Whose turn an address names could not be looked up when the webhook came."""
    victim = await ruin.desk.record("CA1")
    await ruin.matter(replace(victim, sid="CA2"), RECORDING_TURN)
    await ruin.drain()

    case = await only(ruin, cases)
    assert case.call_id != victim.id
    assert case.turn == PLAN_TURN


async def test_what_is_forgotten_of_a_call_costs_no_message(ruin: Ruin) -> None:
    call = await ruin.desk.record("CA1")
    await ruin.matter(call, RECORDING_TURN)
    async with ruin.desk.database.unit_of_work() as unit:
        await unit.execute(steps.update().values(event=None, state=None, reply=None))
    await ruin.drain()

    case = await ruin.desk.case(call)
    assert (case.turn, case.office) == (PLAN_TURN, "市公安局")


async def test_a_recording_that_another_call_has_is_taken_from_nobody(ruin: Ruin) -> None:
    call = await ruin.desk.record("CA1")
    await ruin.desk.action(call)
    before = await ruin.desk.rows(recordings)
    await ruin.message("CA2", recording=call.recording.sid)
    await ruin.drain()

    assert await ruin.desk.rows(recordings) == before
    assert len(await ruin.desk.rows(cases)) == 1
    assert left(ruin) == []


@pytest.mark.parametrize("first", ["callback", "message"])
async def test_a_message_and_its_own_callback_in_one_moment_are_one_case(
    ruin: Ruin, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Both have found that the recording has no case, before either has opened one."""
    call = await ruin.desk.record("CA1")
    await ruin.message("CA1", recording=call.recording.sid)
    real = ruin.desk.calls.apply
    ways: list[Callable[[], Awaitable[object]]] = [
        lambda: ruin.desk.callback(call),
        ruin.recovery.run,
    ]
    if first == "message":
        ways.reverse()

    async def between(*given: Any, **named: Any) -> None:
        monkeypatch.setattr(ruin.desk.calls, "apply", real)
        await ways.pop(0)()
        await real(*given, **named)

    monkeypatch.setattr(ruin.desk.calls, "apply", between)
    await ways.pop()()

    assert ways == []
    case = await only(ruin, cases)
    assert (case.turn == PLAN_TURN) == (first == "message")
    assert (await only(ruin, recordings)).reference == case.reference
    assert (await jobs(ruin)).count("tell_office") == 1
    await ruin.drain()
    assert left(ruin) == []


async def test_a_line_that_cannot_be_taken_keeps_no_other_waiting(
    ruin: Ruin, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ruin.recovery._take

    async def odd(line: Any) -> None:
        if line.ref.sid == "RECA1":
            raise RuntimeError("nobody foresaw this")
        await real(line)

    monkeypatch.setattr(ruin.recovery, "_take", odd)
    for sid in ("CA1", "CA2"):
        await ruin.message(sid)
    await ruin.drain(2)
    assert [row.sid for row in await ruin.desk.rows(recordings)] == ["RECA2"]
    assert len(left(ruin)) == 1

    ruin.restart()
    await ruin.drain()
    assert len(await ruin.desk.rows(cases)) == 2
    assert left(ruin) == []


async def test_lines_that_can_never_be_taken_stop_no_others_and_are_told(
    ruin: Ruin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are: they wait behind, and the file stays."""
    real = ruin.recovery._take
    good = {f"RECA{n}" for n in range(2)}

    async def odd(line: Any) -> None:
        if line.ref.sid not in good:
            raise RuntimeError("nobody foresaw this")
        await real(line)

    monkeypatch.setattr(ruin.recovery, "_take", odd)
    for n in range(2 * MOST_FAILURES + 3):
        await ruin.message(f"CAbad{n}")
    for sid in ("CA0", "CA1"):
        await ruin.message(sid)
    with capture_logs() as logs:
        await ruin.drain(3)
        assert {row.sid for row in await ruin.desk.rows(recordings)} == good
        await ruin.drain(5)

    told = {sid for log in logs if log["event"] == "recovery.stuck" for sid in log["recordings"]}
    assert told == {f"RECAbad{n}" for n in range(2 * MOST_FAILURES + 3)}
    assert len(left(ruin)) == 1


async def test_while_the_database_is_gone_the_lines_wait(
    ruin: Ruin, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise DiskFull("the disk is full")

    await ruin.message("CA1")
    with monkeypatch.context() as broken:
        broken.setattr(ruin.desk.database, "brief", gone)
        broken.setattr(ruin.desk.database, "read", gone)
        await ruin.drain(3)
        assert len(left(ruin)) == 1
    await ruin.drain()

    assert len(await ruin.desk.rows(cases)) == 1
    assert left(ruin) == []


@pytest.mark.parametrize("after", [False, True], ids=["before a write", "after a write"])
async def test_killed_anywhere(ruin: Ruin, *, after: bool) -> None:
    """A message, a matter, one that joins, one of no call with a list behind it: at each write of
    their drain the process ends, and another goes on."""
    call = await ruin.desk.record("CA1")
    await ruin.matter(call, RECORDING_TURN)
    await ruin.message("CA1", recording="REagain")
    await ruin.message("CA2")
    await ruin.message("CA3", seconds=0)
    await ruin.spool.know_until(ruin.desk.clock.now())
    ruin.desk.clock.pass_(7200)
    ruin.carrier_has("CA4")

    deaths = 0
    for writes in range(1, STEPS_OF_A_DRAIN):
        fuse = Fuse(writes, after)
        ruin.restart(fuse)
        ruin.desk.clock.pass_(60)
        try:
            await ruin.drain()
        except Killed:
            deaths += 1
        if not fuse.burnt:
            break
    else:
        raise AssertionError("the drain never came to its end")
    assert deaths >= 4

    opened = {row.sid: row.reference for row in await ruin.desk.rows(recordings)}
    assert opened.keys() == {call.recording.sid, "REagain", "RECA2", "RECA4"}
    assert opened["REagain"] == opened[call.recording.sid]
    found = {row.reference for row in await ruin.desk.rows(cases)}
    assert found == set(opened.values())
    assert len(found) == 3
    assert (await jobs(ruin)).count("tell_office") == 3
    assert (await jobs(ruin)).count("fetch_recording") == 4
    assert left(ruin) == []
