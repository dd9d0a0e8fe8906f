"""What is forgotten, and when; and that what is forgotten is in no byte of the files."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from ivr.flow.effect import AttachRecording, FindCase, SendPin
from ivr.ports.calls import CallEnd, Ending
from ivr.ports.recordings import RecordingRef
from routing.ports import Audio, JobKind, SentMail
from storage.answers import StoredAnswers
from storage.effects import enqueue
from storage.errors import StorageError
from storage.mails import StoredMails
from storage.outbox import StoredOutbox
from storage.recordings import StoredRecordings
from storage.retention import (
    CALL_DETAILS,
    CHUNK,
    FAILED_WORK,
    FINISHED_WORK,
    LOST_CALL,
    TRIES,
    Retention,
)
from storage.tables.calls import call_ends, calls, steps
from storage.tables.cases import cases, pin_sends, recordings, transcripts, tries
from storage.tables.outbox import outbox
from tests.deadline import DEADLINE
from tests.storage.stepping import (
    AT,
    CALLER,
    SEALING,
    House,
    call_of,
    first_step,
    later_step,
    open_case,
    opened,
)

DAYS: Final = 90
OLD: Final = AT + timedelta(days=DAYS, minutes=1)
ENDED: Final = Ending(CallEnd.COMPLETED, 42, recording=False)
RECORDING: Final = Ending(CallEnd.COMPLETED, 42, recording=True)
SECOND: Final = timedelta(seconds=1)
MORE: Final = 1000


def shelf(house: House) -> StoredRecordings:
    """Where the audio is."""
    return house.recordings


async def retain(house: House, now: datetime) -> None:
    """One round."""
    await Retention(house.database, shelf(house), DAYS).run(now)


async def details(house: House, call_id: str = "a") -> set[bytes | None]:
    """What is left of the steps of a call."""
    query = select(steps.c.event, steps.c.state, steps.c.reply).where(steps.c.call_id == call_id)
    async with house.database.reading() as connection:
        return {value for row in await connection.execute(query) for value in row}


async def column(house: House, query: Any) -> list[Any]:
    """All values of one column."""
    async with house.database.reading() as connection:
        return list((await connection.execute(query)).scalars())


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A recording as it comes from the carrier."""
    for part in parts:
        yield part


def everything(house: House) -> bytes:
    """Every byte of the database's files: the pages, the log and its index."""
    path = house.folder / "house.db"
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


async def call_with_recording(house: House, sid: str = "RE1", name: str = "a") -> None:
    """A case with a recording that is kept, and its words."""
    await house.journal.append(first_step(name))
    attach = AttachRecording("46270395", 1, sid, 12, "zh-CN")
    await house.calls.hold_recording(name, 1, RecordingRef(sid, f"http://127.0.0.1/{sid}", 9), AT)
    await house.journal.append(later_step(name, 1, open_case(), attach))
    await shelf(house).save(sid, pieces(b"RIFF"))
    await shelf(house).kept(sid)
    await house.calls.hold_transcript(sid, "家里停水了", "carrier", AT)


async def test_details_go_an_hour_after_the_end_and_the_contact_stays(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for name in "ab":
            await house.journal.append(first_step(name))
        await house.calls.ended("a", ENDED, AT)
        await house.calls.ended("b", ENDED, AT + SECOND)
        before = await details(house)
        await retain(house, AT + CALL_DETAILS - SECOND)
        assert await details(house) == before
        await retain(house, AT + CALL_DETAILS)
        assert await details(house) == {None}
        assert None not in await details(house, "b")
        assert await column(house, select(calls.c.dialled)) != []
        assert await column(house, select(call_ends.c.seconds)) == [42, 42]


async def test_mails_go_with_the_sound_that_they_lead_to(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredMails(house.database)
        for name, at in (("old", AT), ("young", AT + 2 * SECOND)):
            await store.write(SentMail(name, "office@yunling.example", "新工单", "工单", at))
        await retain(house, AT + timedelta(days=DAYS, seconds=1))

        assert [mail.id for mail in await store.mails()] == ["young"]


async def test_a_live_call_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await retain(house, AT + LOST_CALL - SECOND)
        assert None not in await details(house)
        assert await house.rows(call_ends) == 0


async def test_many_calls_are_forgotten_in_one_round(tmp_path: Path) -> None:
    many = 2 * CHUNK + 1
    async with opened(tmp_path) as house:
        await asyncio.gather(*(house.journal.append(first_step(f"c{n}")) for n in range(many)))
        for n in range(many):
            await house.calls.ended(f"c{n}", ENDED, AT)
        await retain(house, AT + CALL_DETAILS)
        assert await column(house, select(steps.c.call_id).where(steps.c.state.is_not(None))) == []


async def test_a_call_whose_end_was_never_told_is_lost_and_then_forgotten(tmp_path: Path) -> None:
    many = CHUNK + 1
    async with opened(tmp_path) as house:
        for n in range(many):
            await house.journal.append(first_step(f"c{n}"))
        await house.journal.append(later_step("c0", 1))
        await retain(house, AT + LOST_CALL)
        assert await house.rows(call_ends) == many - 1, "one spoke a second later"
        await retain(house, AT + LOST_CALL + SECOND)
        assert set(await column(house, select(call_ends.c.end))) == {"lost"}
        assert await house.rows(call_ends) == many
        assert None not in await details(house, "c0"), "its recording may be settled yet"
        await settle_all(house, AT + LOST_CALL + SECOND)
        await retain(house, AT + LOST_CALL + SECOND + CALL_DETAILS)
        assert await details(house, "c0") == {None}


async def settle_all(house: House, now: datetime) -> set[str]:
    """Do what the outbox has to settle; the calls that were settled."""
    store = StoredOutbox(house.database)
    jobs = await store.claim(now, MORE)
    for job in jobs:
        assert job.kind == "settle"
        await store.done(job, now)
    return {str(job.payload["call"]) for job in jobs}


async def test_what_a_lost_call_said_is_settled_even_after_a_long_outage(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        back = AT + timedelta(days=3)
        await retain(house, back)
        loaded = await house.calls.load("a")
        assert loaded is not None, "where it stood is needed to settle it"
        assert await settle_all(house, back) == {"a"}


async def test_no_call_is_forgotten_while_its_recording_is_to_be_settled(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for name in "ab":
            await house.journal.append(first_step(name))
            await house.calls.ended(name, RECORDING, AT)
        late = AT + timedelta(days=1)
        store = StoredOutbox(house.database)
        one, other = await store.claim(late, MORE)
        await store.give_up(one, late, "no script has this node")
        await store.sending(other)
        await retain(house, late)
        left = await column(house, select(steps.c.call_id).where(steps.c.state.is_not(None)))
        assert left == [other.payload["call"]]
        await store.done(other, late)
        await retain(house, late)
        assert await details(house, left[0]) == {None}


async def test_audio_and_words_go_when_their_time_is_over_and_the_case_stays(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        await call_with_recording(house)
        await retain(house, AT + timedelta(days=DAYS) - SECOND)
        assert await shelf(house).read("RE1") == b"RIFF"
        assert await house.rows(transcripts) == 1
        await retain(house, AT + timedelta(days=DAYS))
        assert await shelf(house).read("RE1") is None
        assert await house.rows(transcripts) == 0
        assert await column(house, select(recordings.c.audio)) == [Audio.GONE]
        assert await house.rows(cases) == 1
        assert b"RIFF" not in everything(house)
        assert "停水".encode() not in everything(house)


async def test_more_recordings_than_a_chunk_go_in_one_round(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        async with house.database.unit_of_work() as unit:
            for n in range(2 * CHUNK + 1):
                row = {"sid": f"RE{n}", "call_id": "a", "turn": n, "seconds": 1, "at": AT}
                await unit.execute(recordings.insert().values(**row, audio="kept"))
        await retain(house, OLD)
        assert set(await column(house, select(recordings.c.audio))) == {Audio.GONE}


async def test_what_was_never_fetched_is_deleted_at_the_carrier(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        ref = RecordingRef("RE1", "http://127.0.0.1/RE1", 9)
        await house.calls.hold_recording("a", 1, ref, AT)
        attach = AttachRecording("46270395", 1, "RE1", 9, "zh-CN")
        await house.journal.append(later_step("a", 1, open_case(), attach))
        await house.calls.hold_transcript("RE1", "家里停水了", "carrier", AT)
        await house.calls.ended("a", ENDED, AT)
        await retain(house, OLD)
        assert await column(house, select(recordings.c.audio)) == [Audio.GONE]
        assert await house.rows(transcripts) == 0
        jobs = await StoredOutbox(house.database).claim(OLD, MORE)
    (payload,) = [job.payload for job in jobs if job.kind == "delete_recording"]
    assert payload == {"recording": "RE1"}


async def test_what_nobody_spoke_into_does_not_stay_at_the_carrier(tmp_path: Path) -> None:
    """No case took it, so nobody fetches it; until its call is forgotten one still may."""
    async with opened(tmp_path) as house:
        await call_with_recording(house, "RE1")
        silent = RecordingRef("RE2", "http://127.0.0.1/RE2", 5)
        await house.calls.hold_recording("a", 2, silent, AT)
        await house.calls.ended("a", replace(ENDED, recording=False), AT)
        await retain(house, AT + CALL_DETAILS - SECOND)
        audio = select(recordings.c.audio).order_by(recordings.c.sid)
        assert await column(house, audio) == [Audio.KEPT, Audio.ANNOUNCED]
        await retain(house, AT + CALL_DETAILS)
        assert await column(house, audio) == [Audio.KEPT, Audio.GONE]
        jobs = await StoredOutbox(house.database).claim(AT + CALL_DETAILS, MORE)
    (payload,) = [job.payload for job in jobs if job.kind == "delete_recording"]
    assert payload == {"recording": "RE2"}


async def test_words_of_no_recording_go_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.calls.hold_transcript("RE9", "谁的录音", "carrier", AT)
        await retain(house, AT + timedelta(days=DAYS) - SECOND)
        assert await house.rows(transcripts) == 1
        await retain(house, AT + timedelta(days=DAYS))
        assert await house.rows(transcripts) == 0


async def test_a_round_that_was_cut_off_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as house:
        await call_with_recording(house)

        async def killed(self: StoredRecordings, sid: str) -> None:
            raise StorageError("killed here")

        with monkeypatch.context() as patched:
            patched.setattr(StoredRecordings, "delete", killed)
            with pytest.raises(StorageError):
                await retain(house, OLD)
        assert await house.rows(transcripts) == 0, "no words outlive their sound"
        await retain(house, OLD)
        assert await shelf(house).read("RE1") is None


@pytest.mark.sqlite
async def test_half_written_sound_is_swept(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await call_with_recording(house)
        left = tmp_path / "recordings" / "RE2.0123abcd.part"
        left.write_bytes(b"half a voice")
        await retain(house, AT)
        assert not left.exists()
        assert await shelf(house).read("RE1") == b"RIFF"


async def test_finished_work_goes_after_a_day_and_failed_work_forgets_whom(tmp_path: Path) -> None:
    store_to = {"to": CALLER}
    async with opened(tmp_path) as house:
        async with house.database.unit_of_work() as unit:
            for name in ("done", "dead", "again", "new"):
                await unit.execute(enqueue(JobKind.SMS, store_to, name, AT, None))
        store = StoredOutbox(house.database)
        jobs = {job.key: job for job in await store.claim(AT, MORE)}
        await store.done(jobs["done"], AT)
        await store.give_up(jobs["dead"], AT, "refused")
        await store.again(jobs["again"], OLD, "busy")
        await retain(house, AT + FINISHED_WORK - SECOND)
        assert await house.rows(outbox) == 4
        await retain(house, AT + FINISHED_WORK)
        assert set(await column(house, select(outbox.c.key))) == {"dead", "again", "new"}
        await retain(house, AT + FAILED_WORK)
        left = await column(house, select(outbox.c.payload).order_by(outbox.c.key))
        assert [CALLER in payload for payload in left] == [True, False, True]
        failed = select(outbox.c.error).where(outbox.c.state == "dead")
        assert await house.scalar(failed) == "refused"


async def test_tries_and_sent_pins_are_kept_while_their_day_counts(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1, open_case()))
        answers = StoredAnswers(house.database, SEALING, house.effects, UTC)
        for turn in range(CHUNK + 2):
            await answers.answer(call_of("b", 2), turn, FindCase("46270395", "0"), AT)
        await answers.answer(call_of("b", 2), 2, SendPin("46270395"), AT)
        await retain(house, AT + TRIES)
        assert (await house.rows(tries), await house.rows(pin_sends)) == (CHUNK + 2, 1)
        await retain(house, AT + TRIES + timedelta(days=1))
        assert (await house.rows(tries), await house.rows(pin_sends)) == (0, 0)


async def test_an_empty_house_is_left_as_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await retain(house, AT)
        await retain(house, OLD)


async def test_steps_go_on_beside_a_round(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for n in range(2 * CHUNK):
            await house.journal.append(first_step(f"c{n}"))
            await house.calls.ended(f"c{n}", ENDED, AT)
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            group.create_task(retain(house, AT + CALL_DETAILS))
            for n in range(40):
                reply = await house.journal.append(first_step(f"d{n}"))
                assert reply.mine
        assert None not in await details(house, "d39")


@pytest.mark.sqlite
async def test_what_was_forgotten_is_in_no_byte_of_the_files(tmp_path: Path) -> None:
    """Many calls of different sizes, forgotten in turns, among others that go on: SQLite moves
    rows between pages then, and must leave none behind."""
    many, part = 160, 23
    async with opened(tmp_path) as house:
        for turn in range(3):
            batch = (house.journal.append(secret(n, turn)) for n in range(many))
            await asyncio.gather(*batch)
        forgotten: set[int] = set()
        order = [n * 37 % many for n in range(many)]
        for begin in range(0, many, part):
            for n in order[begin : begin + part]:
                await house.calls.ended(name_of(n), ENDED, AT)
                forgotten.add(n)
            await retain(house, AT + CALL_DETAILS)
            found = {int(n) for n in re.findall(rb"secret-(\d{3})-", everything(house))}
            assert found == set(range(many)) - forgotten


def name_of(n: int) -> str:
    return f"call-{n:03}"


def secret(n: int, turn: int) -> Any:
    """A step whose reply can be told from all others."""
    reply = f"<secret-{n:03}-{'x' * (n * 97 % 3000)}>".encode()
    step = first_step(name_of(n), reply=reply)
    return step if turn == 0 else replace(later_step(name_of(n), turn), reply=reply)
