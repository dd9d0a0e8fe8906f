"""The lock that refuses a second server on one folder: the operating system's, held open."""

import contextlib
import os
from pathlib import Path
from typing import IO

from storage.errors import InUse, ReadOnly


class FolderLock:
    """Held open for as long as the server lives; the system lets go of it when it dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "server.lock"
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Raises InUse where another server has it, ReadOnly where the folder is not ours."""
        try:
            self._file = os.fdopen(_ours_alone(self._path), "ab")
        except OSError as error:
            raise ReadOnly(
                f"DATA_DIR may not be written ({error.strerror}): choose another folder "
                "or give this user the right to it"
            ) from error
        try:
            _lock(self._file)
        except OSError as error:
            self._file.close()
            raise InUse(
                "another server works in this DATA_DIR: stop it first, or choose another folder"
            ) from error

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None


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
