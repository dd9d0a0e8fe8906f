"""DATA_DIR: made where absent, locked for this process, its owner's alone, migrated. Used by the
commands that write there."""

import contextlib
import os
from collections.abc import Iterator

from deployment.database import migrated
from deployment.settings import Settings, StartError
from storage.lock import FolderLock


def open_folder(settings: Settings) -> FolderLock:
    """DATA_DIR, made where absent and locked for this process. Raises StorageError, StartError."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        raise StartError(
            f"DATA_DIR {settings.data_dir} cannot be made ({wrong.strerror}): choose another"
        ) from wrong
    lock = FolderLock(settings.data_dir)
    lock.take()
    return lock


@contextlib.contextmanager
def in_folder(settings: Settings) -> Iterator[str | None]:
    """Work in DATA_DIR, locked and migrated, from the revision that is handed out; what is made
    there is its owner's alone, also where the folder is older. Raises StartError, StorageError
    with a sentence."""
    lock = open_folder(settings)
    before = os.umask(0o077)
    try:
        yield migrated(settings)
    except OSError as wrong:
        raise StartError(
            f"{wrong.filename or settings.data_dir} cannot be used ({wrong.strerror}): give this "
            "user the right to it, free some room, or choose another DATA_DIR"
        ) from wrong
    finally:
        os.umask(before)
        lock.release()
