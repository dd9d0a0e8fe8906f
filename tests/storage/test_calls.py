"""What is kept of calls outside the batch: read back, ended, answered, recorded."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.flow.effect import AttachRecording, TellOffice
from ivr.ports.calls import CallEnd, Ending, LegAnswer
from ivr.ports.journal import MatterTaken, Origin, ReferenceTaken
from ivr.ports.recordings import RecordingRef
from storage.ends import SETTLE_AFTER
from storage.tables.calls import call_ends, leg_answers
from storage.tables.cases import cases, recordings, transcripts
from storage.tables.outbox import outbox
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, DIALLED, first_step, later_step, open_case, opened


async def test_the_latest_state_wins_and_earlier_ones_stay_readable(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1))
        loaded = await house.calls.load("a")
        before = await house.calls.state_at("a", 1)
    assert loaded is not None
    assert loaded[0].turn == 2
    assert loaded[1] == Origin("AC1", "CA-a")
    assert before is not None
    assert before.turn == 1


async def test_what_never_was_is_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        assert await house.calls.load("nobody") is None
        assert await house.calls.of(Origin("AC1", "CA-nobody")) is None
        assert await house.calls.state_at("nobody", 1) is None
        assert await house.calls.reply("nobody", 0) is None
        assert await house.calls.leg_answer("nobody", 1) is None
        assert await house.calls.held_recording("nobody", 1) is None


async def test_a_call_is_found_by_account_and_leg_together(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        assert await house.calls.of(Origin("AC1", "CA-a")) == "a"
        assert await house.calls.of(Origin("AC2", "CA-a")) is None


async def test_the_number_that_a_recordings_caller_dialled_is_known(tmp_path: Path) -> None:
    attach = AttachRecording("46270395", 1, "RE1", 12, "zh-CN")
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1, open_case(), attach))
        assert await house.calls.dialled_for("RE1") == DIALLED
        assert await house.calls.dialled_for("RE9") is None


async def test_a_call_ends_once_whatever_comes_later(tmp_path: Path) -> None:
    endings = [Ending(CallEnd.COMPLETED, 42, recording=True), Ending(CallEnd.FAILED, 0, False)]
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        first = await house.calls.ended("a", endings[0], AT)
        later = [await house.calls.ended("a", ending, AT) for ending in endings]
        kept = await house.scalar(select(call_ends.c.end))
        job = await house.scalar(select(outbox.c.run_at).where(outbox.c.kind == "settle"))
    assert (first, later) == (True, [False, False])
    assert kept == CallEnd.COMPLETED
    assert job == AT + SETTLE_AFTER


async def test_parallel_ends_of_one_call_count_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        ending = Ending(CallEnd.COMPLETED, 1, recording=False)
        told = await asyncio.gather(*(house.calls.ended("a", ending, AT) for _ in range(8)))
        assert await house.rows(outbox) == 0
    assert sorted(told) == [False] * 7 + [True]


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_leg_is_answered_once(tmp_path: Path, accepted: bool) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        for word in (accepted, not accepted):
            await house.calls.answer_leg(LegAnswer("a", 1, 0, word, DIALLED, AT))
        assert await house.calls.leg_answer("a", 1) is accepted
        assert await house.calls.leg_answer("a", 2) is None
        assert await house.rows(leg_answers) == 1


async def test_a_recording_is_held_whichever_webhook_tells_it_first(tmp_path: Path) -> None:
    told = RecordingRef("RE1", "http://carrier.example/RE1", 12)
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.calls.hold_recording("a", 1, told, AT)
        await house.journal.append(
            later_step("a", 1, open_case(), AttachRecording("46270395", 1, "RE1", 12, "en"))
        )
        await house.calls.hold_recording("a", 1, told, AT)
        assert await house.calls.held_recording("a", 1) == told
        row = await house.scalar(select(recordings.c.reference))
    assert row == "46270395", "a repeated callback must not take the recording from its case"


async def test_an_attached_recording_learns_its_address_later(tmp_path: Path) -> None:
    attach = AttachRecording("46270395", 1, "RE1", 12, "en")
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1, open_case(), attach))
        told = RecordingRef("RE1", "http://carrier.example/RE1", 13)
        await house.calls.hold_recording("a", 1, told, AT + timedelta(seconds=5))
        assert await house.calls.held_recording("a", 1) == told


async def test_words_are_kept_once_for_each_source(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for text, source in (("停水了", "carrier"), ("other", "carrier"), ("停水", "engine")):
            await house.calls.hold_transcript("RE1", text, source, AT)
        async with house.database.reading() as connection:
            kept = {(row.source, row.text) for row in await connection.execute(select(transcripts))}
    assert kept == {("carrier", "停水了"), ("engine", "停水")}


async def test_a_callback_opens_the_case_or_hears_who_did(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for name in "ab":
            await house.journal.append(first_step(name))
        call, other = later_step("a", 1).call, later_step("b", 1).call
        await house.calls.apply(call, (open_case("46270395"),), AT, 0)
        with pytest.raises(MatterTaken):
            await house.calls.apply(call, (open_case("11111116"),), AT, 0)
        with pytest.raises(ReferenceTaken):
            await house.calls.apply(other, (open_case("46270395"),), AT, 0)
        assert await house.rows(cases) == 1


async def test_a_refused_callback_leaves_no_work_behind(tmp_path: Path) -> None:
    effects = (TellOffice("11111116", "water"), open_case("11111116"))
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        call = later_step("a", 1).call
        await house.calls.apply(call, (open_case("46270395"),), AT, 0)
        with pytest.raises(MatterTaken):
            await house.calls.apply(call, effects, AT, 0)
        assert await house.rows(outbox) == 0


async def test_a_callback_and_the_turn_in_parallel_open_one_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for n in range(10):
            await house.journal.append(first_step(f"c{n}"))
            step = later_step(f"c{n}", 1, open_case(f"{n}0000000"))
            outcomes = await asyncio.gather(
                house.journal.append(step),
                house.calls.apply(step.call, (open_case(f"{n}1111111"),), AT, 0),
                return_exceptions=True,
            )
            assert sum(isinstance(outcome, MatterTaken) for outcome in outcomes) == 1
        assert await house.rows(cases) == 10


async def test_a_callbacks_work_wakes_the_outbox(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            group.create_task(house.database.woken.wait(2 * DEADLINE))
            await house.calls.apply(later_step("a", 1).call, (open_case(),), AT, 0)


async def test_which_calls_go_on_and_how_they_stand(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for sid in ("CA1", "CA2", "CA3"):
            await house.journal.append(first_step(f"call-{sid}", sid))
        await house.journal.append(later_step("call-CA2", 1))
        await house.calls.ended("call-CA3", Ending(CallEnd.COMPLETED, 9, recording=False), AT)
        found = {on.call.id: on for on in await house.calls.live(AT - timedelta(hours=1), 10)}
        assert set(found) == {"call-CA1", "call-CA2"}
        assert found["call-CA1"].origin == Origin("AC1", "CA1")
        assert [found[call].call.turn for call in sorted(found)] == [1, 2]
        assert len(await house.calls.live(AT - timedelta(hours=1), 1)) == 1
        assert await house.calls.live(AT, 10) == []
