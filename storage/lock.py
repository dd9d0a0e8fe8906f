"""Locks of the operating system, held open: the one that refuses a second server on one folder,
and those that say whose process still lives."""

import contextlib
import os
from pathlib import Path
from typing import IO

from storage.errors import InUse, ReadOnly


class FileLock:
    """Held open for as long as its process lives; the system lets go of it when it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Raises OSError where the file cannot be made, InUse where another process has it."""
        file = os.fdopen(_ours_alone(self._path), "ab")
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise InUse(f"another process holds {self._path.name}") from error
        self._file = file

    def release(self, *, remove: bool = False) -> None:
        """Let go, and take the file away where nobody will ask for it again."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        if remove:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)


class FolderLock:
    """One server a folder."""

    def __init__(self, folder: Path) -> None:
        self._lock = FileLock(folder / "server.lock")

    def take(self) -> None:
        """Raises InUse where another server has it, ReadOnly where the folder is not ours."""
        try:
            self._lock.take()
        except OSError as error:
            raise ReadOnly(
                f"DATA_DIR may not be written ({error.strerror}): choose another folder "
                "or give this user the right to it"
            ) from error
        except InUse as error:
            raise InUse(
                "another server works in this DATA_DIR: stop it first, or choose another folder"
            ) from error

    def release(self) -> None:
        """Let go."""
        self._lock.release()


def _ours_alone(path: Path) -> int:
    """Whoever may read the file could hold the lock, and keep the server from starting. One that
    an earlier version made for all to read is closed to them."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if os.name == "posix":
        with contextlib.suppress(PermissionError):  # another user's, who gave us the right to it
            os.fchmod(descriptor, 0o600)
    return descriptor


def _lock(file: IO[bytes]) -> None:
    if os.name == "nt":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # Windows only
    else:
        import fcntl  # noqa: PLC0415 - exists on POSIX only

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
