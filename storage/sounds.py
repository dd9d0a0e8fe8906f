"""Where the sound itself lies: files in DATA_DIR. The counterpart of `storage.postgres.sounds`, and
beneath `recordings`."""

import asyncio
import contextlib
import errno
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Protocol

from storage.disk import flush_folder
from storage.errors import DiskFull

PIECE: Final = 256 * 1024
"""Bytes that are read at once where nobody needs the whole."""


class Sounds(Protocol):
    """Sound by its recording's id, which is letters, digits, _ and - only."""

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        """Keep it whole or not at all; returns its size in bytes. Raises StorageError."""
        ...

    async def read(self, sid: str) -> bytes | None:
        """The WAV, or None where it is not kept."""
        ...

    async def size(self, sid: str) -> int | None:
        """Its bytes, or None where it is not kept."""
        ...

    async def piece(self, sid: str, number: int) -> bytes:
        """PIECE bytes of it, the first being number 0; fewer at its end, none beyond or where it
        is no longer kept."""
        ...

    async def delete(self, sid: str) -> None:
        """Delete it, surely; one that is gone is deleted."""
        ...

    async def sweep(self) -> None:
        """Delete what a killed server had begun to write; it was no recording yet."""
        ...


class SoundFiles:
    """A file is whole or not there: written under a name of its own, flushed, then renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing: set[Path] = set()

    def _path(self, sid: str) -> Path:
        return self._folder / f"{sid}.wav"

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        """Raises DiskFull."""
        path = self._path(sid)
        part = path.with_suffix(f".{secrets.token_hex(8)}.part")  # two fetches must not mix
        self._writing.add(part)
        try:
            size = await _written(part, audio)
            await asyncio.to_thread(_finish, part, path)
        except BaseException as wrong:
            with contextlib.suppress(OSError):  # what is left is swept at the next start
                await asyncio.to_thread(part.unlink)
            if isinstance(wrong, OSError) and wrong.errno == errno.ENOSPC:
                raise DiskFull(
                    "the disk is full: free some room in DATA_DIR's file system"
                ) from wrong
            raise
        finally:
            self._writing.discard(part)
        return size

    async def sweep(self) -> None:
        """Not what is being written now."""
        await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        for part in self._folder.glob("*.part"):
            if part not in self._writing:
                part.unlink(missing_ok=True)

    async def read(self, sid: str) -> bytes | None:
        """The file."""
        try:
            return await asyncio.to_thread(self._path(sid).read_bytes)
        except FileNotFoundError:
            return None

    async def size(self, sid: str) -> int | None:
        """The file's."""
        try:
            return (await asyncio.to_thread(self._path(sid).stat)).st_size
        except FileNotFoundError:
            return None

    async def piece(self, sid: str, number: int) -> bytes:
        """Opened anew for each, as `_written` does and why."""
        return await asyncio.to_thread(_read, self._path(sid), number * PIECE)

    async def delete(self, sid: str) -> None:
        """The file and its name."""
        await asyncio.to_thread(_remove, self._path(sid))


async def _written(part: Path, audio: AsyncIterator[bytes]) -> int:
    """Write a new file; returns its size in bytes. It is opened anew for each piece: a file that is
    opened in a thread belongs to nobody once who waits for it is cancelled."""
    size = 0
    await asyncio.to_thread(_begin, part)
    async for piece in audio:
        size += len(piece)
        await asyncio.to_thread(_append, part, piece)
    return size


def _begin(part: Path) -> None:
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch(exist_ok=False)


def _append(part: Path, piece: bytes) -> None:
    with part.open("r+b") as file:  # not "ab": what is given up stays deleted
        file.seek(0, os.SEEK_END)
        file.write(piece)


def _flush(part: Path) -> None:
    with part.open("r+b") as file:
        os.fsync(file.fileno())


def _read(path: Path, start: int) -> bytes:
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(start)
        return file.read(PIECE)
    return b""


def _finish(part: Path, path: Path) -> None:
    """Flushed, and only then under its name."""
    _flush(part)
    part.replace(path)
    flush_folder(path.parent)


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        flush_folder(path.parent)
