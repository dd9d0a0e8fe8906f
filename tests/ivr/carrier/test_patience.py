"""Fetching with the real outbox and shelf: what is the carrier's fault costs a try, what is ours
does not, and in the end the recording is here."""

import errno
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import select

from ivr.carrier.errands import Fetching
from ivr.flow.effect import AttachRecording
from ivr.flow.instruction import Language
from ivr.ports.recordings import RecordingRef
from routing.handoff import MOST_TRIES, Handoff
from routing.ports import Audio, Job, JobKind
from storage.errors import StorageError
from storage.outbox import StoredOutbox
from storage.recordings import StoredRecordings
from storage.tables.cases import recordings
from tests.ivr.carrier.test_recordings import Carrier, bytes_of, host, wav
from tests.storage.stepping import AT, House, MovedClock, first_step, later_step, open_case, opened

AUDIO = select(recordings.c.audio).where(recordings.c.sid == "RE1")


@dataclass
class Desk:
    """The drain over a real outbox, and what it reported."""

    house: House
    carrier: Carrier
    shelf: StoredRecordings
    clock: MovedClock
    reports: list[str]

    @property
    def handoff(self) -> Handoff:
        fetching = Fetching(self.carrier.media(), self.shelf, self.follow)
        return Handoff(
            StoredOutbox(self.house.database),
            {JobKind.FETCH_RECORDING: fetching},
            self.clock,
            self.report,
            ours=(StorageError,),
        )

    async def follow(self, sid: str, language: Language | None) -> None:
        await self.shelf.follow_up(sid, language, self.clock.now() + timedelta(days=9))

    def report(self, what: str, job: Job, why: str) -> None:
        self.reports.append(f"{what}: {why}")

    async def drain(self, minutes: float = 1.0) -> None:
        await self.handoff.drain()
        self.clock.at += timedelta(minutes=minutes)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """One recording has been announced and is to be fetched."""
    async with opened(tmp_path) as house, host() as carrier:
        await house.journal.append(first_step("a"))
        case = open_case()
        attach = AttachRecording(case.reference, 1, "RE1", 3, "zh-CN")
        await house.journal.append(later_step("a", 1, case, attach))
        ref = RecordingRef("RE1", carrier.ref.url, 3)
        await house.calls.hold_recording("a", 1, ref, AT)
        shelf = house.recordings
        yield Desk(house, carrier, shelf, MovedClock(AT + timedelta(hours=1)), [])


def full(file: IO[bytes]) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_a_full_disk_over_a_night_costs_no_recording(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as night:
        night.setattr("storage.sounds._flush", full)
        for _ in range(3 * MOST_TRIES):
            await desk.drain()
    assert set(desk.reports) == {
        "waits: the disk is full: free some room in DATA_DIR's file system"
    }
    assert len(desk.reports) == 3 * MOST_TRIES
    desk.carrier.answer = bytes_of(b"", 404)  # and the carrier's own tries are still all there
    for _ in range(MOST_TRIES - 1):
        await desk.drain(minutes=31)
    assert not any(report.startswith("gave up") for report in desk.reports)
    desk.carrier.answer = bytes_of(wav(1))
    await desk.drain()
    assert await desk.shelf.read("RE1") == wav(1)


async def test_a_recording_that_never_comes_is_given_up_loudly(desk: Desk) -> None:
    desk.carrier.answer = bytes_of(b"", 404)
    for _ in range(MOST_TRIES):
        await desk.drain(minutes=31)
    assert desk.reports[-1].startswith("gave up: the carrier does not have the recording yet")
    assert await desk.shelf.read("RE1") is None


@pytest.mark.parametrize("late", [b"", wav(0), wav(3)[:44], wav(3)[:9_000]], ids=len)
async def test_a_recording_that_comes_empty_or_cut_off_is_fetched_whole_later(
    desk: Desk, late: bytes
) -> None:
    """Nothing at all; a file of no sound where three seconds were announced; a header alone that
    promises more; half of it."""
    desk.carrier.answer = bytes_of(late)
    await desk.drain()
    assert desk.reports[-1].startswith("again")
    desk.carrier.answer = bytes_of(wav(1))
    await desk.drain()
    assert await desk.shelf.read("RE1") == wav(1)
    assert await desk.house.scalar(AUDIO) == Audio.KEPT.value
