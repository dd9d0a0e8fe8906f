"""Contact is not case (design §3): a whole call on the real script, then every byte of the
database's files is searched for who called and what was checked."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from ivr.flow.event import (
    DialEnded,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
    Silence,
    Spoke,
)
from ivr.flow.world import Plan
from ivr.ports.recordings import RecordingRef
from routing.numbers.forms import spoken_groups
from storage.recordings import StoredRecordings
from storage.retention import CALL_DETAILS, LOST_CALL, Retention
from storage.sounds import SoundFiles
from storage.sqlite.database import SqliteDatabase
from storage.tables.calls import call_ends, calls, verdicts
from storage.tables.cases import case_callers, cases, tries
from storage.tables.outbox import outbox
from tests.databases import migrated
from tests.ivr.desk import CALLER, LINE, RECORDING_TURN, Desk, Rung, opened

KEYED: Final = ("0558000", "0009")
SAID: Final = "幺三九 一二三四 五六七八"
CHECKING: Final[tuple[LineEvent, ...]] = (
    Pressed("1"),
    Pressed(KEYED[0]),
    Pressed(KEYED[1], finished=True),
    Pressed("1"),
    Spoke(SAID),
    Pressed("1"),
    Pressed("3"),  # the result as a text
    Silence(),
)
FORMS: Final = (
    "".join(KEYED),  # as keyed and kept
    KEYED[0],  # the part that was kept until the rest came
    "0558 000 0009",
    "+865580000009",
    spoken_groups("05580000009", (4, 3, 4), "zh-CN"),
    "幺三九",  # as heard and read back
    "13912345678",
    "139 1234 5678",
    CALLER,
    CALLER[3:],
    CALLER[-8:],
)
"""The checked numbers and the caller, as anything here writes or says them."""
LOST: Final = LOST_CALL // CALL_DETAILS
"""Rounds until a call is taken to be lost."""


pytestmark = pytest.mark.sqlite
"""Every byte of the files is searched; PostgreSQL's are not ours to read."""


@pytest.fixture
async def desk(tmp_path: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    path = tmp_path / "house.db"
    migrated(path)
    async with opened(path, demo_plan) as made:
        yield made


def path_of(desk: Desk) -> Path:
    """The database's file."""
    assert isinstance(desk.database, SqliteDatabase)
    return desk.database.path


def everything(desk: Desk) -> bytes:
    """The pages, the log and its index."""
    path = path_of(desk)
    files = sorted(path.parent.glob(f"{path.name}*"))
    assert len(files) == 3, "the database, -wal and -shm"
    return b"".join(file.read_bytes() for file in files)


def found(desk: Desk, forms: tuple[str, ...]) -> set[str]:
    """Which of these stand in the files, as text or as JSON writes it."""
    kept = everything(desk)
    return {
        form
        for form in forms
        if any(word.encode() in kept for word in (form, json.dumps(form).strip('"')))
    }


async def play(desk: Desk, call: Rung, *events: LineEvent) -> None:
    """The caller's turns, one after another."""
    for turn, event in enumerate(events, start=1):
        await desk.turn(call, turn, event)


async def work_off(desk: Desk) -> set[str]:
    """Do what the outbox has; the kinds of it."""
    jobs = await desk.outbox.claim(desk.clock.now(), 100)
    for job in jobs:
        await desk.outbox.done(job, desk.clock.now())
    return {job.kind for job in jobs}


async def retain(desk: Desk) -> None:
    """A round of retention when the details of calls that ended now are due."""
    desk.clock.pass_(CALL_DETAILS.total_seconds())
    folder = path_of(desk).parent / "recordings"
    shelf = StoredRecordings(desk.database, SoundFiles(folder))
    await Retention(desk.database, shelf, 90).run(desk.clock.now())


async def test_a_check_leaves_no_trace_of_number_and_caller(desk: Desk) -> None:
    call = await desk.ring()
    await play(desk, call, *CHECKING)
    await desk.end(call)
    seen = found(desk, FORMS)
    assert {KEYED[0], "+865580000009", "13912345678", "幺三九", CALLER} <= seen, (
        "a search that finds nothing beforehand proves nothing"
    )
    assert await work_off(desk) == {"sms"}
    await retain(desk)
    assert found(desk, FORMS) == set()
    digest = desk.sealing.digest("caller", CALLER)
    assert digest.encode() not in everything(desk), "nor what the caller could be matched by"


async def test_empty_recordings_leave_the_carrier_with_the_call(desk: Desk) -> None:
    """`0` at the tone, nobody who answers, and a hang-up at the next tone: nothing was said."""
    call = await desk.record()
    turn, reply = RECORDING_TURN, b"<Record"
    empty = [RecordingRef(f"REempty{n}", f"http://127.0.0.1/{n}", 0) for n in range(2)]
    for ref, end in zip(empty, (RecordingEnd.PERSON, RecordingEnd.HANGUP), strict=True):
        while b"<Record" not in reply:
            reply = await desk.turn(call, turn, DialEnded(accepted=False, declined=False))
            turn += 1
        reply = await desk.turn(call, turn, Recorded(ref.sid, 0, end), ref)
        turn += 1
    await desk.end(call)
    desk.clock.pass_(61)
    assert await desk.settle() == 1
    await retain(desk)

    deleted = {row.payload for row in await desk.rows(outbox) if row.kind == "delete_recording"}
    assert {json.loads(payload)["recording"] for payload in deleted} == {ref.sid for ref in empty}
    assert await desk.count(cases) == 0


async def test_what_remains_of_a_check(desk: Desk) -> None:
    call = await desk.ring()
    await play(desk, call, *CHECKING)
    await desk.end(call)
    await work_off(desk)
    await retain(desk)
    (row,) = await desk.rows(calls)
    (end,) = await desk.rows(call_ends)
    assert (row.dialled, end.seconds) == (LINE, 42)
    counted = {one.verdict: one.count for one in await desk.rows(verdicts)}
    assert counted == {"genuine": 1, "not_listed": 1}
    assert await desk.rows(cases) == []


async def test_neighbours_who_still_talk_keep_what_they_need(desk: Desk) -> None:
    gone = await desk.ring("CA1")
    await play(desk, gone, *CHECKING)
    stays = await desk.ring("CA2", "+8613700006655")
    await play(desk, stays, *CHECKING[:2])
    await desk.end(gone)
    await work_off(desk)
    await retain(desk)
    assert found(desk, (CALLER, "13912345678")) == set()
    assert found(desk, ("+8613700006655",)) == {"+8613700006655"}
    await desk.turn(stays, 3, CHECKING[2])


async def test_a_case_keeps_its_caller_sealed_and_its_pin_as_a_digest(desk: Desk) -> None:
    call = await desk.record()
    await desk.action(call, RecordingEnd.FINISHED)
    case = await desk.case(call)
    pin = desk.sealing.draw(case.call_id, case.turn, case.attempt).pin
    plain = (CALLER, CALLER[3:], CALLER[-8:], spoken_groups(pin, (4,), "zh-CN"), f'"pin":"{pin}"')
    await desk.end(call)
    assert set(plain) == found(desk, plain)
    assert await work_off(desk) == {"sms", "tell_office", "fetch_recording"}
    await retain(desk)
    assert found(desk, (*plain, f'"pin": "{pin}"')) == set()
    (sealed,) = await desk.rows(case_callers)
    assert desk.sealing.open(sealed.number) == CALLER


async def test_a_wrong_case_number_leaves_digests_for_two_days(desk: Desk) -> None:
    call = await desk.ring()
    await play(desk, call, Pressed("3"), Pressed("876543219876"))
    await desk.end(call)
    assert found(desk, ("87654321",)) == {"87654321"}
    await retain(desk)
    assert found(desk, ("87654321", CALLER)) == set()
    assert len(await desk.rows(tries)) == 1
    desk.clock.pass_(timedelta(days=3).total_seconds())
    await retain(desk)
    assert await desk.rows(tries) == []


async def test_a_text_that_was_never_sent_forgets_to_whom(desk: Desk) -> None:
    call = await desk.ring()
    await play(desk, call, *CHECKING)
    await desk.end(call)
    (job,) = await desk.outbox.claim(desk.clock.now(), 100)
    await desk.outbox.give_up(job, desk.clock.now(), "the number takes no texts")
    await retain(desk)
    assert CALLER in found(desk, FORMS), "a person may look into it for a week"
    desk.clock.pass_(timedelta(days=7).total_seconds())
    await retain(desk)
    assert found(desk, FORMS) == set()
    assert [row.state for row in await desk.rows(outbox)] == ["dead"]


async def test_a_lost_call_is_forgotten_like_any_other(desk: Desk) -> None:
    await play(desk, await desk.ring(), *CHECKING)
    assert await work_off(desk) == {"sms"}
    for _ in range(LOST + 1):
        await retain(desk)
        await work_off(desk)
    assert found(desk, FORMS) == set()
    assert [row.end for row in await desk.rows(call_ends)] == ["lost"]


async def test_a_matter_of_a_lost_call_becomes_a_case_and_is_then_forgotten(desk: Desk) -> None:
    call = await desk.record()
    for _ in range(LOST):
        await retain(desk)
    assert await desk.settle() == 1
    assert (await desk.case(call)).reference
    await work_off(desk)
    await retain(desk)
    assert found(desk, (CALLER, CALLER[3:])) == set()
