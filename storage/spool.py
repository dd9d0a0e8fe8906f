"""Recordings that were accepted while the database could take nothing: sealed lines in DATA_DIR,
each flushed to the disk before a caller is told. Implements `ivr.conversation.spooled.Spool`
(design §3, Fallback)."""

import asyncio
import base64
import binascii
import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
import structlog

from ivr.conversation.spooled import Batch, Spooled
from ivr.flow.fallback import Line
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef
from storage.disk import flush_folder
from storage.errors import DiskFull, InUse, ReadOnly, StorageError
from storage.lock import FileLock
from storage.sealing import SealError, Sealing

LOG: Final = structlog.get_logger()
T = TypeVar("T")
SCHEMA: Final = 1
KEEP: Final = -1
"""The size of a batch whose file stays, whatever becomes of its lines."""
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
_KNOWN: Final = "known-until"


def ran_before(folder: Path) -> bool:
    """Whether a server has worked with this folder before."""
    return (folder / _KNOWN).exists()


class FileSpool:
    """One folder, one file a process, which holds that file's lock while it lives. All that is
    done to files is done in a thread of its own, in order."""

    def __init__(self, folder: Path, sealing: Sealing, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._sealing = sealing
        self._now = now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._own: _Open | None = None
        self._begun = 0
        self._inherited: dict[str, FileLock] = {}
        self._told: set[tuple[str, int]] = set()

    async def keep(self, accepted: Spooled) -> None:
        """Raises DiskFull, ReadOnly, StorageError."""
        line = orjson.dumps(
            {
                "v": SCHEMA,
                "at": accepted.at.isoformat(),
                "sealed": base64.b64encode(self._sealing.seal(_written(accepted))).decode(),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        await self._run(lambda: self._append(line))

    async def batches(self) -> Sequence[Batch]:
        """Ours, and those whose process is gone. A line that was torn by a kill or a power cut was
        promised to nobody, and is left out."""
        return await self._run(self._read_all)

    async def done(self, batch: Batch) -> None:
        """Take the file away, unless it has grown."""
        await self._run(lambda: self._remove(batch))

    async def waiting(self) -> bool:
        """Whether anything waits, ours or another process's."""
        return await self._run(lambda: next(self._folder.glob("*.jsonl"), None) is not None)

    async def size(self) -> int:
        """Bytes that wait, ours and others'."""

        def sizes() -> Iterator[int]:
            for path in self._folder.glob("*.jsonl"):
                with contextlib.suppress(FileNotFoundError):  # another process was faster
                    yield path.stat().st_size

        return await self._run(lambda: sum(sizes()))

    async def known_until(self) -> datetime | None:
        """None where it was never noted, or what was noted cannot be read."""

        def read() -> datetime | None:
            try:
                return datetime.fromisoformat((self._folder / _KNOWN).read_text("ascii"))
            except (FileNotFoundError, ValueError):
                return None

        return await self._run(read)

    async def know_until(self, at: datetime) -> None:
        """Whole or as it was before."""

        def write() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._folder / f"{_KNOWN}.{secrets.token_hex(4)}.new"
            try:
                fresh.write_text(at.isoformat(), "ascii")
                fresh.replace(self._folder / _KNOWN)
            finally:
                fresh.unlink(missing_ok=True)

        await self._run(write)

    async def trouble(self) -> str:
        """What keeps the folder from taking a line, or nothing. It is seen before a line is lost:
        most days have none."""

        def write() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._folder / f"trial.{secrets.token_hex(4)}.new"
            try:
                fresh.write_text("x", "ascii")
            finally:
                fresh.unlink(missing_ok=True)

        try:
            await self._run(write)
        except StorageError as wrong:
            return str(wrong)
        return ""

    def close(self) -> None:
        """Let go of the files; what they hold stays for the next start."""
        self._thread.shutdown()
        if self._own is not None:
            self._own.close()
            self._own = None
        for lock in self._inherited.values():
            lock.release()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except OSError as wrong:
            raise _sentence(wrong) from wrong

    def _append(self, line: bytes) -> None:
        """Whole and on the disk. After a failure the file may end in half a line: it is left to
        the next round, and the next line begins another file."""
        own = self._own or self._begin()
        try:
            own.write(line)
        except OSError:
            self._own = None
            own.close()
            raise

    def _begin(self) -> "_Open":
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._begun += 1
        when, who = f"{self._now():%Y%m%dT%H%M%S%f}-{self._begun:04}", os.getpid()
        name = f"{when}-{who}-{secrets.token_hex(4)}.jsonl"  # sorted as they were begun
        self._own = _Open(self._folder / name)
        return self._own

    def _read_all(self) -> Sequence[Batch]:
        return [
            batch
            for path in sorted(self._folder.glob("*.jsonl"))
            if path.is_file()  # to read a pipe would wait for ever
            for batch in self._read(path)
        ]

    def _read(self, path: Path) -> Sequence[Batch]:
        try:
            text = self._text(path)
        except FileNotFoundError:  # another process was faster
            self._let_go(path.name)
            return ()
        except OSError as wrong:  # one that was copied here by another user: the rest goes on
            why = f"it cannot be read ({wrong.strerror}): give this user the right to it"
            self._warn(path.name, 0, why)
            return ()
        if text is None:
            return ()
        lines, whole = self._lines(path.name, text)
        return (Batch(path.name, len(text) if whole else KEEP, lines),)

    def _text(self, path: Path) -> bytes | None:
        """None where its process lives."""
        own = self._own is not None and self._own.path == path
        return path.read_bytes() if own or self._inherit(path) else None

    def _inherit(self, path: Path) -> bool:
        """Whether the file's process is gone: then it is ours from now on."""
        if path.name in self._inherited:
            return True
        lock = FileLock(path.with_suffix(".lock"))
        try:
            lock.take()
        except InUse:
            return False
        self._inherited[path.name] = lock
        return True

    def _let_go(self, name: str) -> None:
        lock = self._inherited.pop(name, None)
        if lock is not None:
            lock.release(remove=True)

    def _lines(self, name: str, text: bytes) -> tuple[tuple[Spooled, ...], bool]:
        """The lines that can be read, and whether the file may go with them: what another key
        sealed may be opened yet."""
        found, whole = [], True
        for at, line in enumerate(filter(None, text.split(b"\n"))):
            try:
                found.append(_read(self._sealing.open(_sealed(line))))
            except SealError as wrong:
                whole = False
                self._warn(name, at, str(wrong))
            except (KeyError, TypeError, ValueError):
                self._warn(name, at, "half a line, of a kill or a full disk: nobody was told of it")
        return tuple(found), whole

    def _warn(self, name: str, at: int, why: str) -> None:
        if (name, at) not in self._told:
            self._told.add((name, at))
            LOG.warning("spool.left_out", file=name, line=at, why=why)

    def _remove(self, batch: Batch) -> None:
        path = self._folder / batch.name
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size != batch.size:
                return
            if self._own is not None and self._own.path == path:
                own, self._own = self._own, None
                own.close(remove=True)
            path.unlink()
            flush_folder(self._folder)
        self._let_go(batch.name)


class _Open:
    """The file that this process writes. Its lock is taken before it exists, so that no other
    process takes it for a dead one's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path.with_suffix(".lock"))
        self._lock.take()
        try:
            self._descriptor = os.open(path, _APPEND, 0o600)
            flush_folder(path.parent)
        except OSError:
            self._lock.release(remove=True)
            raise

    def write(self, line: bytes) -> None:
        """Raises OSError; then the file may end in half a line."""
        left = memoryview(line)
        while left:
            left = left[os.write(self._descriptor, left) :]
        os.fsync(self._descriptor)

    def close(self, *, remove: bool = False) -> None:
        os.close(self._descriptor)
        self._lock.release(remove=remove)


def _sealed(line: bytes) -> bytes:
    """The sealed part of a line, which its own tag proves to be whole. Raises KeyError, ValueError
    for half a line."""
    plain = orjson.loads(line)
    if plain["v"] != SCHEMA:
        raise ValueError(f"schema {plain['v']}")
    try:
        return base64.b64decode(plain["sealed"], validate=True)
    except binascii.Error as wrong:
        raise ValueError("not base64") from wrong


def _written(accepted: Spooled) -> str:
    plain = {
        "account": accepted.origin.account,
        "call": accepted.origin.sid,
        "dialled": accepted.line.dialled,
        "caller": accepted.line.caller,
        "language": accepted.language,
        "recording": [accepted.ref.sid, accepted.ref.url, accepted.ref.seconds],
        "at": accepted.at.isoformat(),
        "matter": accepted.matter,
        "heard": accepted.heard,
    }
    return orjson.dumps(plain).decode()


def _read(text: str) -> Spooled:
    plain: dict[str, Any] = orjson.loads(text)
    matter = plain["matter"]
    return Spooled(
        origin=Origin(plain["account"], plain["call"]),
        line=Line(plain["dialled"], plain["caller"]),
        language=plain["language"],
        ref=RecordingRef(*plain["recording"]),
        at=datetime.fromisoformat(plain["at"]),
        matter=None if matter is None else (matter[0], matter[1]),
        heard=plain["heard"],
    )


def _sentence(wrong: OSError) -> StorageError:
    if wrong.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return DiskFull("the disk is full: free some room in DATA_DIR's file system")
    if wrong.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return ReadOnly("DATA_DIR may not be written: give this user the right to it")
    return StorageError(
        f"what was accepted cannot be kept in DATA_DIR/spool ({wrong.strerror}): see that it is a "
        "folder, and that this user may write there"
    )
