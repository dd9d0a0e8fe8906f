"""Kept audio as files in DATA_DIR, and what the carrier said of each recording.
Implements `ivr.ports.RecordingShelf`."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, cast

from sqlalchemy import select, update

from ivr.flow.instruction import Language
from ivr.ports import RecordingRef
from storage.engine import Database, StorageError
from storage.tables.cases import recordings

_SID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class StoredRecordings:
    """A file is whole or not there: written under another name, flushed, then renamed."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def _path(self, sid: str) -> Path:
        if not _SID.fullmatch(sid):
            raise StorageError("a recording's id may hold letters, digits, _ and - only")
        return self._folder / f"{sid}.wav"

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        """Keep the audio; returns its size in bytes."""
        path = self._path(sid)
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        size = 0
        try:
            with part.open("wb") as file:
                async for piece in audio:
                    size += len(piece)
                    await asyncio.to_thread(file.write, piece)
                await asyncio.to_thread(_flush, file.fileno())
            await asyncio.to_thread(_rename, part, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()
        return size

    async def read(self, sid: str) -> bytes | None:
        """The WAV, or None where it is not kept."""
        path = self._path(sid)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            return None

    async def delete(self, sid: str) -> None:
        """Delete the file; its row says that it is gone."""
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(self._path(sid).unlink)
        await self._mark(sid, "gone")

    async def ref(self, sid: str) -> RecordingRef | None:
        """Where the carrier has it."""
        query = select(recordings.c.url, recordings.c.seconds).where(recordings.c.sid == sid)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None or row.url is None else RecordingRef(sid, row.url, row.seconds)

    async def kept(self, sid: str) -> Language | None:
        """Mark it as kept here; returns its language."""
        await self._mark(sid, "kept")
        query = select(recordings.c.language).where(recordings.c.sid == sid)
        async with self._database.reading() as connection:
            return cast("Language | None", (await connection.execute(query)).scalar_one_or_none())

    async def _mark(self, sid: str, audio: str) -> None:
        async with self._database.unit_of_work() as connection:
            await connection.execute(
                update(recordings).where(recordings.c.sid == sid).values(audio=audio)
            )


def _flush(descriptor: int) -> None:
    os.fsync(descriptor)


def _rename(part: Path, path: Path) -> None:
    part.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
