"""Kept audio as files in DATA_DIR, and what the carrier said of each recording.
Implements `ivr.ports.RecordingShelf`."""

import asyncio
import contextlib
import errno
import os
import re
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final, cast

from sqlalchemy import Connection, select, update

from ivr.flow.instruction import Language
from ivr.ports import RecordingRef
from routing.ports import Audio, JobKind
from storage.effects import enqueue
from storage.engine import Database
from storage.errors import DiskFull, StorageError
from storage.tables.cases import recordings

DELETE_AFTER: Final = timedelta(minutes=10)
"""How long a recording that is kept here stays at the carrier, which may be asked for its words."""
_SID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class StoredRecordings:
    """A file is whole or not there: written under a name of its own, flushed, then renamed."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._writing: set[Path] = set()

    def _path(self, sid: str) -> Path:
        if not _SID.fullmatch(sid):
            raise StorageError("a recording's id may hold letters, digits, _ and - only")
        return self._folder / f"{sid}.wav"

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        """Keep the audio; returns its size in bytes. Raises DiskFull."""
        path = self._path(sid)
        part = path.with_suffix(f".{secrets.token_hex(8)}.part")  # two fetches must not mix
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        self._writing.add(part)
        try:
            size = await _written(part, audio)
            await asyncio.to_thread(_rename, part, path)
        except OSError as wrong:
            if wrong.errno == errno.ENOSPC:
                raise DiskFull(
                    "the disk is full: free some room in DATA_DIR's file system"
                ) from wrong
            raise
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
            self._writing.discard(part)
        return size

    async def sweep(self) -> None:
        """Delete what a killed server had begun to write; it was no recording yet."""
        await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        for part in self._folder.glob("*.part"):
            if part not in self._writing:
                part.unlink(missing_ok=True)

    async def read(self, sid: str) -> bytes | None:
        """The WAV, or None where it is not kept."""
        path = self._path(sid)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            return None

    async def delete(self, sid: str) -> None:
        """Delete the file, surely; then its row says that it is gone."""
        await asyncio.to_thread(_remove, self._path(sid))
        await self._mark(sid, Audio.GONE)

    async def ref(self, sid: str) -> RecordingRef | None:
        """Where the carrier has it."""
        query = select(recordings.c.url, recordings.c.seconds).where(recordings.c.sid == sid)
        for row in await self._database.read(query):
            return None if row.url is None else RecordingRef(sid, row.url, row.seconds)
        return None

    async def kept(self, sid: str) -> Language | None:
        """Mark it as kept here; returns its language."""
        await self._mark(sid, Audio.KEPT)
        query = select(recordings.c.language).where(recordings.c.sid == sid)
        rows = await self._database.read(query)
        return cast("Language | None", rows[0][0]) if rows else None

    async def follow_up(self, sid: str, language: Language | None, now: datetime) -> None:
        """What comes once it is kept: its words, then its deletion at the carrier. A repeat
        changes nothing."""
        payload = {"recording": sid, "language": language}
        later = now + DELETE_AFTER
        words = enqueue(JobKind.TRANSCRIBE, payload, f"transcribe:{sid}", now, None)
        deletion = enqueue(JobKind.DELETE_RECORDING, payload, f"delete:{sid}", later, None)

        def both(unit: Connection) -> None:
            unit.execute(words)
            unit.execute(deletion)

        await self._database.brief(both)
        self._database.woken.set()

    async def _mark(self, sid: str, audio: Audio) -> None:
        change = update(recordings).where(recordings.c.sid == sid).values(audio=audio.value)
        await self._database.brief(lambda unit: unit.execute(change))


async def _written(part: Path, audio: AsyncIterator[bytes]) -> int:
    """Write and flush a new file; returns its size in bytes."""
    size = 0
    with await asyncio.to_thread(part.open, "xb") as file:
        async for piece in audio:
            size += len(piece)
            await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(_flush, file)
    return size


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _rename(part: Path, path: Path) -> None:
    part.replace(path)
    _flush_folder(path.parent)


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """A new name, or one that is gone, outlives a power cut. Windows does so by itself."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
