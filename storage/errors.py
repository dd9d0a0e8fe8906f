"""What keeps the database from its work, as sentences for an operator.

StorageError
├── DiskFull    no room
├── ReadOnly    no right to write
├── InUse       another server has the folder
├── TooNew      a newer version's database
├── WrongKey    another key's (`keymark`)
├── BlockError  a block that may not be (`blocks`)
├── SealError   a number that this key does not open (`sealing`)
└── Lost        a step whose turn is another's, and forgotten (`journal`)
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DBAPIError


class StorageError(Exception):
    """What is kept cannot be reached; the message says what to do."""


class DiskFull(StorageError):
    """There is no room left."""


class ReadOnly(StorageError):
    """The folder or the database may not be written."""


class InUse(StorageError):
    """Another server holds this folder."""


class TooNew(StorageError):
    """The database was written by a newer version."""


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Database errors that an operator can mend become sentences."""
    try:
        yield
    except DBAPIError as error:
        known = _known(error.orig)
        if known is not None:
            raise known from error
        raise
    except sqlite3.DatabaseError as error:
        known = _known(error)
        if known is not None:
            raise known from error
        raise


_SENTENCES: Final = (
    ("disk is full", DiskFull, "the disk is full: free some room in DATA_DIR's file system"),
    ("readonly", ReadOnly, "the database may not be written: give this user the right to DATA_DIR"),
    (
        "unable to open",
        ReadOnly,
        "the database cannot be opened: check that DATA_DIR exists and is ours",
    ),
    (
        "disk I/O",
        StorageError,
        "the disk does not keep what is written: check it, then start again",
    ),
    (
        "not a database",
        StorageError,
        "the database file is damaged: restore the last backup into DATA_DIR",
    ),
    (
        "malformed",
        StorageError,
        "the database file is damaged: restore the last backup into DATA_DIR",
    ),
    (
        "is locked",
        StorageError,
        "another program keeps the database locked: close it (a backup, a database browser)",
    ),
)
"""A part of SQLite's message, and what an operator is told instead."""


def _known(error: object) -> StorageError | None:
    text = str(error)
    for part, kind, sentence in _SENTENCES:
        if part in text:
            return kind(sentence)
    return None
