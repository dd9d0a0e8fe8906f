"""A clock that jumps by years deletes nothing that was to be kept for days; it is believed again
when it has gone on as time does for a day."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import update

from ivr.flow.effect import AttachRecording
from ivr.ports.recordings import RecordingRef
from routing.ports import Audio, JobKind
from storage.effects import enqueue
from storage.outbox import StoredOutbox
from storage.retention import CALM, JUMP, Retention
from storage.tables.calls import call_ends
from storage.tables.cases import recordings
from storage.tables.outbox import outbox
from tests.storage.stepping import AT, House, first_step, later_step, open_case, opened

DAYS: Final = 90
YEARS: Final = timedelta(days=9 * 365)
ROUND: Final = timedelta(minutes=5)


class Rounds:
    """Rounds of retention under a clock that may jump and one that cannot."""

    def __init__(self, house: House) -> None:
        self.now, self.ticked = AT, 0.0
        self._retention = Retention(house.database, house.recordings, DAYS, lambda: self.ticked)

    async def round(self, passes: timedelta = ROUND, *, jumps: timedelta = timedelta(0)) -> None:
        self.now += passes + jumps
        self.ticked += passes.total_seconds()
        await self._retention.run(self.now)


async def kept(house: House) -> bool:
    return await house.recordings.read("RE1") is not None


async def with_sound(house: House) -> None:
    """A case whose recording is kept here."""
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, open_case()))
    await house.calls.hold_recording("a", 1, RecordingRef("RE1", "http://x/RE1", 9), AT)
    loaded = await house.calls.load("a")
    assert loaded is not None
    attach = (AttachRecording("46270395", 1, "RE1", 9, "zh-CN"),)
    await house.calls.apply(loaded[0], attach, AT, 0)

    async def sound() -> object:
        yield b"RIFF"

    await house.recordings.save("RE1", sound())  # type: ignore[arg-type]  # bytes, all of them
    async with house.database.unit_of_work() as unit:
        await unit.execute(update(recordings).values(audio=Audio.KEPT.value))


@pytest.mark.parametrize("jump", [YEARS, timedelta(days=DAYS + 1)])
async def test_years_from_one_moment_to_the_next_delete_no_sound(
    tmp_path: Path, jump: timedelta
) -> None:
    async with opened(tmp_path) as house:
        await with_sound(house)
        rounds = Rounds(house)
        await rounds.round()
        await rounds.round(jumps=jump)
        assert await kept(house)
        assert await house.rows(call_ends) == 0, "nor is a call taken to be over"
        await rounds.round(jumps=-jump)
        await rounds.round(CALM)
        assert await kept(house)


async def test_a_clock_that_was_set_right_is_believed_after_a_day(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await with_sound(house)
        rounds = Rounds(house)
        await rounds.round()
        await rounds.round(jumps=YEARS)
        await rounds.round(CALM - 2 * ROUND)
        assert await kept(house)
        await rounds.round(2 * ROUND)
        assert not await kept(house)


async def test_a_small_jump_and_a_long_sleep_are_believed(tmp_path: Path) -> None:
    """Summer time set by hand; a machine whose both clocks stood for days."""
    async with opened(tmp_path) as house:
        await with_sound(house)
        rounds = Rounds(house)
        await rounds.round()
        await rounds.round(jumps=JUMP)
        await rounds.round(timedelta(days=DAYS))
        assert not await kept(house)


async def test_work_that_failed_goes_with_the_sound(tmp_path: Path) -> None:
    """Nobody looks into it any more, and it no longer counts as missing."""
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        async with house.database.unit_of_work() as unit:
            await unit.execute(enqueue(JobKind.SMS, {"to": "x"}, "text", AT, None))
        (job,) = await store.claim(AT, 1)
        await store.give_up(job, AT, "refused")

        async def left(now: datetime) -> int:
            await Retention(house.database, house.recordings, DAYS).run(now)
            return await house.rows(outbox)

        assert await left(AT + timedelta(days=DAYS) - ROUND) == 1
        assert await left(AT + timedelta(days=DAYS)) == 0
