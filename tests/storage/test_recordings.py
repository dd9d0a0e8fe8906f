"""Audio in files: whole or not at all, never outside the folder, gone when it is deleted."""

import asyncio
import errno
import gc
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any, Final

import pytest
from sqlalchemy import select

from ivr.flow.effect import AttachRecording
from ivr.ports.recordings import RecordingRef
from routing.ports import Audio
from storage.errors import DiskFull, StorageError
from storage.outbox import StoredOutbox
from storage.recordings import DELETE_AFTER, StoredRecordings
from storage.sounds import PIECE
from storage.tables.cases import recordings
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, House, first_step, later_step, open_case, opened

REF: Final = RecordingRef("RE1", "http://127.0.0.1/RE1", 12)
OUTSIDE: Final = ("../RE1", "/etc/passwd", "a/b", "a\\b", "", ".", "RE1\n", "RE1\0", "停", "x" * 65)


def shelf(house: House) -> StoredRecordings:
    """The store under test."""
    return house.recordings


def folder(house: House) -> Path:
    """Where its files are."""
    return house.folder / "recordings"


def files(house: House) -> dict[str, bytes]:
    """What lies in the folder."""
    return {path.name: path.read_bytes() for path in sorted(folder(house).glob("*"))}


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A recording as it comes from the carrier."""
    for part in parts:
        yield part


async def torn(*parts: bytes) -> AsyncIterator[bytes]:
    """A recording whose carrier hangs up in the middle."""
    for part in parts:
        yield part
    raise ConnectionResetError


async def audio_of(house: House, sid: str = "RE1") -> str:
    """What its row says of the sound."""
    query = select(recordings.c.audio).where(recordings.c.sid == sid)
    return str(await house.scalar(query))


async def announce(house: House) -> None:
    """A case with a recording that the carrier has told of."""
    await house.journal.append(first_step("a"))
    await house.calls.hold_recording("a", 1, REF, AT)
    attach = AttachRecording("46270395", 1, "RE1", 12, "en")
    await house.journal.append(later_step("a", 1, open_case(), attach))


async def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        assert await shelf(house).save("RE1", pieces(b"RI", b"", b"FF")) == 4
        assert await shelf(house).read("RE1") == b"RIFF"
        assert await shelf(house).read("RE2") is None


@pytest.mark.parametrize("size", [0, 1, PIECE, 2 * PIECE, 2 * PIECE + 7])
async def test_it_is_read_in_pieces_too(tmp_path: Path, size: int) -> None:
    sound = (b"RIFF1234" * (size // 8 + 1))[:size]
    async with opened(tmp_path) as house:
        store = shelf(house)
        await store.save("RE1", pieces(sound[:1000], sound[1000:]))
        read = [await store.piece("RE1", number) for number in range(size // PIECE + 2)]
        told = await store.size("RE1")
        await store.delete("RE1")
        after = await store.size("RE1"), await store.piece("RE1", 0)

    assert b"".join(read) == sound
    assert max(map(len, read)) <= PIECE
    assert read[-1] == b""
    assert told == size
    assert after == (None, b"")


async def test_a_torn_fetch_leaves_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(ConnectionResetError):
            await shelf(house).save("RE1", torn(b"half"))
        assert files(house) == {}
        assert await shelf(house).read("RE1") is None


async def test_a_torn_fetch_does_not_hurt_what_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await shelf(house).save("RE1", pieces(b"whole"))
        with pytest.raises(ConnectionResetError):
            await shelf(house).save("RE1", torn(b"half"))
        assert await shelf(house).read("RE1") == b"whole"


async def test_two_fetches_of_one_recording_do_not_mix(tmp_path: Path) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"first, "
        started.set()
        await go_on.wait()
        yield b"and slow"

    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        store = shelf(house)
        task = group.create_task(store.save("RE1", slow()))
        await started.wait()
        await store.save("RE1", pieces(b"second"))
        assert await store.read("RE1") == b"second"
        go_on.set()
        assert await task == len(b"first, and slow")
        assert await store.read("RE1") == b"first, and slow"


@pytest.mark.sqlite
async def test_a_sound_is_flushed_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    flush = os.fsync

    async with opened(tmp_path) as house:

        def noted(descriptor: int) -> None:
            seen.append((folder(house) / "RE1.wav").exists())
            flush(descriptor)

        monkeypatch.setattr(os, "fsync", noted)
        await shelf(house).save("RE1", pieces(b"RIFF"))
    assert seen[0] is False, "the file first"
    assert seen[1:] == ([True] if os.name == "posix" else []), "then the folder"


@pytest.mark.sqlite
async def test_a_fetch_that_is_given_up_while_the_disk_is_slow_leaves_no_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open file that nobody has is a ResourceWarning, which fails a test."""
    slow, go_on = asyncio.Event(), threading.Event()
    really, loop = Path.open, asyncio.get_running_loop()

    def later(path: Path, mode: str = "r") -> IO[Any]:
        loop.call_soon_threadsafe(slow.set)
        assert go_on.wait(DEADLINE)
        return really(path, mode)

    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        monkeypatch.setattr(Path, "open", later)
        async with asyncio.TaskGroup() as group:
            saving = group.create_task(shelf(house).save("RE1", pieces(b"RIFF")))
            await slow.wait()
            saving.cancel()
        go_on.set()
        await loop.shutdown_default_executor()
        gc.collect()
        monkeypatch.undo()
        assert files(house) == {}


@pytest.mark.sqlite
async def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with opened(tmp_path) as house:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(DiskFull, match="free some room"):
            await shelf(house).save("RE1", pieces(b"RIFF"))
        monkeypatch.undo()
        assert files(house) == {}


@pytest.mark.sqlite
async def test_a_folder_that_refuses_is_no_full_disk(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        folder(house).write_bytes(b"a file where the folder should be")
        with pytest.raises(FileExistsError):
            await shelf(house).save("RE1", pieces(b"RIFF"))


@pytest.mark.parametrize("sid", OUTSIDE)
async def test_an_id_is_never_a_path(tmp_path: Path, sid: str) -> None:
    async with opened(tmp_path) as house:
        for attempt in (
            shelf(house).save(sid, pieces(b"RIFF")),
            shelf(house).read(sid),
            shelf(house).delete(sid),
        ):
            with pytest.raises(StorageError, match="letters, digits"):
                await attempt
        assert files(house) == {}


async def test_a_kept_recording_says_its_language(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await announce(house)
        assert await audio_of(house) == Audio.ANNOUNCED
        assert await shelf(house).kept("RE1") == "en"
        assert await audio_of(house) == Audio.KEPT
        assert await shelf(house).kept("RE2") is None


async def test_where_the_carrier_has_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await announce(house)
        await house.journal.append(
            later_step("a", 2, AttachRecording("46270395", 2, "RE2", 3, "en"))
        )
        assert await shelf(house).ref("RE1") == REF
        assert await shelf(house).ref("RE2") is None, "the carrier has not said yet"
        assert await shelf(house).ref("RE3") is None


async def test_deleting_leaves_the_row_without_its_sound(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await announce(house)
        await shelf(house).save("RE1", pieces(b"RIFF"))
        await shelf(house).kept("RE1")
        for _ in range(2):
            await shelf(house).delete("RE1")
        assert files(house) == {}
        assert await audio_of(house) == Audio.GONE
        assert await shelf(house).read("RE1") is None


@pytest.mark.sqlite
async def test_what_a_killed_server_left_half_written_is_swept(tmp_path: Path) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"RI"
        started.set()
        await go_on.wait()
        yield b"FF"

    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        store = shelf(house)
        await store.sweep()  # no folder yet
        await store.save("RE1", pieces(b"RIFF"))
        (folder(house) / "RE2.0123abcd.part").write_bytes(b"half a voice")
        task = group.create_task(store.save("RE3", slow()))
        await started.wait()
        await store.sweep()
        left = set(files(house))
        go_on.set()
        await task
        assert "RE2.0123abcd.part" not in left
        assert files(house) == {"RE1.wav": b"RIFF", "RE3.wav": b"RIFF"}


async def test_what_is_kept_is_followed_up_once(tmp_path: Path) -> None:
    """Its words at once, its deletion at the carrier when those were asked for."""
    async with opened(tmp_path) as house:
        for _ in range(2):
            await shelf(house).follow_up("RE1", "en", AT)
        store = StoredOutbox(house.database)
        (words,) = await store.claim(AT, 9)
        await store.done(words, AT)
        (deletion,) = await store.claim(AT + DELETE_AFTER, 9)
    assert (words.kind, words.payload) == ("transcribe", {"recording": "RE1", "language": "en"})
    assert (deletion.kind, deletion.payload["recording"]) == ("delete_recording", "RE1")


async def test_its_words_are_awaited_until_they_were_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        assert not await shelf(house).words_awaited("RE1")
        await shelf(house).follow_up("RE1", "zh-CN", AT)
        assert await shelf(house).words_awaited("RE1")
        assert not await shelf(house).words_awaited("RE2")

        (job,) = await store.claim(AT, 9)
        assert await shelf(house).words_awaited("RE1"), "they are being asked for"
        await store.done(job, AT)
        assert not await shelf(house).words_awaited("RE1")


async def test_words_that_were_given_up_are_not_awaited(tmp_path: Path) -> None:
    """The sound is the record, and it is kept here: it need not stay at the carrier for them."""
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await shelf(house).follow_up("RE1", "zh-CN", AT)
        (job,) = await store.claim(AT, 9)
        await store.give_up(job, AT, "no words to be had")

        assert not await shelf(house).words_awaited("RE1")
