"""What is missing, read from rows that exist; what sweeps noted; work that was given up."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, event, update

from ivr.flow.effect import AttachRecording
from ivr.ports.calls import CallEnd, Ending
from ivr.ports.recordings import RecordingRef
from routing.ledger import LOOK, Gap, GapKind, Note, Round, Why
from routing.ports import JobKind
from storage.effects import enqueue
from storage.ends import keep_end
from storage.ledger import MOST, StoredLedger
from storage.outbox import StoredOutbox
from storage.tables.cases import recordings
from storage.tables.outbox import outbox
from tests.storage.stepping import (
    AT,
    CALLER,
    House,
    first_step,
    later_step,
    open_case,
    opened,
)

MINUTE: Final = timedelta(minutes=1)
LATER: Final = AT + timedelta(hours=1)
ENDED: Final = Ending(CallEnd.COMPLETED, 42, recording=False)
GAP: Final = Gap(GapKind.DELIVERY, "7", AT, Why.GIVEN_UP, 1, "the register", "46270395")
ROUND: Final = Round(LATER, 3, answered=True)


async def work(house: House, name: str, at: datetime = AT, kind: JobKind = JobKind.SMS) -> None:
    payload = {"to": CALLER}
    async with house.database.unit_of_work() as unit:
        await unit.execute(enqueue(kind, payload, name, at, "46270395"))


async def given_up(house: House, at: datetime = AT) -> int:
    """Work that was given up; its number."""
    await work(house, f"job {at}")
    store = StoredOutbox(house.database)
    (job,) = await store.claim(AT, 1)
    await store.give_up(job, at, "the carrier says no")
    return job.id


async def test_calls_are_silent_until_their_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        ledger = StoredLedger(house.database)
        for name in ("a", "b", "c"):
            await house.journal.append(first_step(name))
        await house.journal.append(later_step("b", 30))  # half a minute later
        await house.calls.ended("c", ENDED, AT)

        assert await ledger.silent_calls(AT - MINUTE) == []
        assert await ledger.silent_calls(AT) == [("a", AT)]
        assert sorted(await ledger.silent_calls(LATER)) == [
            ("a", AT),
            ("b", AT + timedelta(seconds=30)),
        ]
        assert await ledger.ended(["a", "c", "nobody"]) == {"c"}
        await house.database.brief(lambda unit: keep_end(unit, "a", None, AT, None))
        assert await ledger.silent_calls(AT) == []


async def test_work_is_late_until_it_is_done(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        ledger, store = StoredLedger(house.database), StoredOutbox(house.database)
        await work(house, "early", AT)
        await work(house, "due later", LATER)
        assert await ledger.late_work(AT - MINUTE) == []

        (late,) = await ledger.late_work(AT)
        assert (late.kind, late.due, late.given_up, late.whole) == ("sms", AT, None, True)

        (job,) = await store.claim(AT, 1)
        await store.again(job, AT + 30 * MINUTE, "the carrier is busy")
        (late,) = await ledger.late_work(AT)
        assert (late.due, late.told) == (AT, "the carrier is busy"), "since it was first due"

        (job,) = await store.claim(LATER, 1)
        await store.done(job, LATER)
        assert await ledger.late_work(LATER - MINUTE) == []


async def test_work_that_was_given_up_gets_one_try_more(tmp_path: Path) -> None:
    """With its count of tries: a text that may have gone out is looked up first."""
    async with opened(tmp_path) as house:
        ledger, store = StoredLedger(house.database), StoredOutbox(house.database)
        job = await given_up(house)
        (late,) = await ledger.late_work(AT - MINUTE)
        assert (late.id, late.given_up, late.told) == (job, AT, "the carrier says no")

        assert await ledger.again(job, LATER)
        assert not await ledger.again(job, LATER), "it is ready already"
        assert not await ledger.again(job + 1, LATER), "there is none"

        (again,) = await store.claim(LATER, 1)
        assert (again.id, again.attempts, again.payload) == (job, 2, {"to": CALLER})


async def test_work_may_be_looked_up_only_until_a_person_says_otherwise(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        ledger, store = StoredLedger(house.database), StoredOutbox(house.database)
        job = await given_up(house)
        for looks in (True, True, False):
            assert await ledger.again(job, LATER, looks=looks)
            (again,) = await store.claim(LATER, 1)
            assert again.payload == {"to": CALLER} | ({LOOK: True} if looks else {})
            await store.give_up(again, LATER, "no such text")


async def test_work_whose_payload_is_dropped_cannot_be_done_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        ledger = StoredLedger(house.database)
        job = await given_up(house)
        async with house.database.unit_of_work() as unit:
            await unit.execute(update(outbox).values(payload="{}"))

        (shown,) = await ledger.given_up()
        assert not shown.whole
        assert not await ledger.again(job, LATER)


async def test_the_latest_failure_comes_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for minutes in (2, 1, 3):
            await given_up(house, AT + minutes * MINUTE)

        shown = await StoredLedger(house.database).given_up()

        assert [job.finished for job in shown] == [AT + n * MINUTE for n in (3, 2, 1)]
        assert {(job.error, job.reference) for job in shown} == {
            ("the carrier says no", "46270395")
        }


async def announced(house: House, audio: str = "announced") -> None:
    """A case whose recording is at the carrier."""
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, open_case()))
    await house.calls.hold_recording("a", 1, RecordingRef("RE1", "http://x/RE1", 9), AT)
    attach = (AttachRecording("46270395", 1, "RE1", 9, "zh-CN"),)
    loaded = await house.calls.load("a")
    assert loaded is not None
    await house.calls.apply(loaded[0], attach, AT, 0)
    async with house.database.unit_of_work() as unit:
        await unit.execute(update(recordings).values(audio=audio))


async def test_a_recording_that_nothing_fetches_is_missed_and_fetched_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        ledger, store = StoredLedger(house.database), StoredOutbox(house.database)
        await announced(house)
        assert await ledger.unfetched(LATER) == [], "its work is waiting"
        (job,) = await store.claim(LATER, 1)
        await store.done(job, LATER)

        assert await ledger.unfetched(LATER) == [("RE1", "46270395", AT)]
        assert await ledger.unfetched(AT - MINUTE) == []

        await ledger.fetch("RE1", "46270395", LATER)
        await ledger.fetch("RE1", "46270395", LATER)
        assert await ledger.unfetched(LATER) == []
        (again,) = await store.claim(LATER, 9)
        assert (again.kind, again.payload) == ("fetch_recording", {"recording": "RE1"})
        await store.give_up(again, LATER, "it is gone there")
        assert await ledger.unfetched(LATER) == [], "it is among what was given up"


async def test_a_recording_that_is_kept_or_was_deleted_is_not_missed(tmp_path: Path) -> None:
    for audio in ("kept", "gone"):
        folder = tmp_path / audio
        folder.mkdir()
        async with opened(folder) as house:
            await announced(house, audio)
            async with house.database.unit_of_work() as unit:
                await unit.execute(outbox.delete())
            assert await StoredLedger(house.database).unfetched(LATER) == []


async def test_which_recordings_no_row_knows(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await announced(house)
        many = [f"RE{n}" for n in range(2 * MOST)]

        unknown = await StoredLedger(house.database).unknown(many)

        assert unknown == set(many) - {"RE1"}
        assert await StoredLedger(house.database).unknown([]) == frozenset()


async def test_a_round_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        ledger = StoredLedger(house.database)
        assert (await ledger.last_round(), await ledger.listed()) == (None, None)
        other = Gap(GapKind.TEXT, "8", AT - MINUTE, Why.WAITING)
        await ledger.keep_round(ROUND, [Note(GAP, None, aside=False)], AT)
        await ledger.keep_round(
            ROUND, [Note(GAP, LATER, aside=False), Note(other, None, aside=False)], None
        )

        assert await ledger.gaps() == [other, GAP], "the longest missing first"
        assert await ledger.counts() == {GapKind.DELIVERY: 1, GapKind.TEXT: 1}
        assert (await ledger.last_round(), await ledger.listed()) == (ROUND, AT)
        assert Note(GAP, LATER, aside=False) in await ledger.notes()

        await ledger.keep_round(ROUND, [], LATER)
        assert (await ledger.gaps(), await ledger.counts()) == ([], {})
        assert await ledger.listed() == LATER


async def test_words_are_of_the_case_of_their_recording_and_named_as_such(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        ledger, store = StoredLedger(house.database), StoredOutbox(house.database)
        await house.journal.append(first_step("a"))
        attached = AttachRecording("46270395", 1, "RE1", 4, "zh-CN")
        await house.journal.append(later_step("a", 1, open_case("46270395"), attached))
        async with house.database.unit_of_work() as unit:
            words = {"recording": "RE1", "source": "carrier"}
            await unit.execute(enqueue(JobKind.TELL_WORDS, words, "words", AT, None))
        (job,) = [one for one in await store.claim(AT, 9) if one.kind == JobKind.TELL_WORDS]
        await store.give_up(job, AT, "the mail server said no")

        (late,) = [one for one in await ledger.late_work(AT) if one.kind == JobKind.TELL_WORDS]
        (given_up,) = await ledger.given_up()
        assert late.reference == given_up.reference == "46270395"
        missing = Gap(GapKind.DELIVERY, str(job.id), AT, Why.GIVEN_UP, reference=late.reference)
        await ledger.keep_round(ROUND, [Note(missing, None, aside=False)], AT)
        (gap,) = await ledger.gaps()
        assert gap.work == JobKind.TELL_WORDS


async def test_what_a_sweep_has_no_room_for_counts_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late work, and what was given up, but for what is done and what a person has put aside."""
    monkeypatch.setattr("storage.ledger.MOST", 1)
    async with opened(tmp_path) as house:
        ledger = StoredLedger(house.database)
        dead = [await given_up(house, AT + n * MINUTE) for n in range(3)]
        for n in range(3):
            await work(house, f"late {n}", AT + n * MINUTE, JobKind.HEED)
        found = await ledger.late_work(LATER)
        assert [job.id for job in found] == [dead[-1] + 1, dead[-1]], "one of each"
        noted = Gap(GapKind.TEXT, str(dead[-1]), AT, Why.GIVEN_UP)
        aside = Gap(GapKind.TEXT, str(dead[0]), AT, Why.GIVEN_UP)
        notes = [Note(noted, None, aside=False), Note(aside, None, aside=True)]
        assert await ledger.counts() == {}, "no sweep has been"

        await ledger.keep_round(Round(LATER, 0, answered=True), notes, None)
        assert await ledger.counts() == {GapKind.TEXT: 2, GapKind.DANGER: 3}
        await ledger.keep_round(Round(AT + 11 * MINUTE, 0, answered=True), notes, None)
        assert await ledger.counts() == {GapKind.TEXT: 2, GapKind.DANGER: 2}


async def test_which_work_is_not_done(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        ledger, store = StoredLedger(house.database), StoredOutbox(house.database)
        dead = await given_up(house)
        await work(house, "done", AT)
        (done,) = await store.claim(AT, 1)
        await store.done(done, AT)
        await work(house, "waits", LATER)

        asked = [*range(1, MOST), dead, done.id, done.id + 1]
        found = {job.id: job.given_up for job in await ledger.work(asked)}
        assert found == {dead: AT, done.id + 1: None}


async def test_what_a_person_put_aside_counts_no_more(tmp_path: Path) -> None:
    """Until it is no longer missing; a sweep that began before does not bring it back."""
    async with opened(tmp_path) as house:
        ledger = StoredLedger(house.database)
        missing = [Note(GAP, None, aside=False)]
        await ledger.keep_round(ROUND, missing, None)
        assert await ledger.put_aside(GapKind.DELIVERY, "7")
        assert not await ledger.put_aside(GapKind.DELIVERY, "7")
        assert not await ledger.put_aside(GapKind.TEXT, "7")

        await ledger.keep_round(ROUND, missing, None)
        assert (await ledger.gaps(), await ledger.counts()) == ([], {})
        assert [note.aside for note in await ledger.notes()] == [True]

        await ledger.keep_round(ROUND, [], None)
        await ledger.keep_round(ROUND, missing, None)
        assert await ledger.gaps() == [GAP]


@pytest.mark.sqlite
async def test_what_is_finished_costs_the_search_nothing(tmp_path: Path) -> None:
    """Each question reads an index that holds only what is not finished."""
    async with opened(tmp_path) as house:
        ledger = StoredLedger(house.database)
        with asked() as questions:
            await ledger.silent_calls(AT)
            await ledger.late_work(AT)
            await ledger.unfetched(AT)
            await StoredOutbox(house.database).backlog(AT)
        async with house.database.reading() as connection:
            plans = [
                str((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)).all())
                for words, values in questions
                if words.startswith("SELECT")
            ]

        found = [index in plan for index, plan in zip(INDEXES, plans, strict=True)]
        assert found == [True] * len(INDEXES)


INDEXES: Final = (
    "ix_calls_live_started",
    "ix_outbox_ready_run_at",
    "ix_outbox_dead_finished",
    "ix_recordings_audio_at",
    "ix_outbox_ready_run_at",
    "ix_outbox_dead_finished",
)


@contextlib.contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed meanwhile, with their values."""
    questions: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, words: str, values: Any, *_: Any) -> None:
        questions.append((words, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield questions
    finally:
        event.remove(Engine, "before_cursor_execute", note)
