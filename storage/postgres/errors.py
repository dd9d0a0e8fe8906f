"""What keeps PostgreSQL from its work, as sentences for an operator. The counterpart of SQLite's in
`storage.errors`."""

import contextlib
from collections.abc import Iterator
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.errors import DiskFull, ReadOnly, StorageError
from storage.postgres.unreached import AWAY, LOGIN, NO_DATABASE, USER, libpqs_reason, reason_of


class Unreachable(StorageError):
    """No answer from PostgreSQL."""


LOST: Final = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises of a connection that is no more; the last one where it was cut off while
an answer was under way."""
ASKED: Final = (asyncpg.PostgresError, *LOST)
"""What it raises of a question."""
NO_WRITES: Final = "PostgreSQL takes no writes: DATABASE_URL must name the primary"
_SENTENCES: Final = (
    ("53100", DiskFull, "PostgreSQL's disk is full: free some room on its machine"),
    ("25006", ReadOnly, NO_WRITES),
    ("42501", ReadOnly, "DATABASE_URL's user may not write: give it the right to the schema"),
    ("28P01", Unreachable, LOGIN),
    ("28", Unreachable, USER),
    ("3D000", Unreachable, NO_DATABASE),
    ("53300", Unreachable, "PostgreSQL has no connection left: raise max_connections"),
    ("53", Unreachable, "PostgreSQL is out of memory or connections: see its log"),
    ("57", Unreachable, "PostgreSQL is being stopped, started or told to stop a statement"),
    ("08", Unreachable, AWAY),
)
"""The beginning of an SQLSTATE, and what an operator is told."""


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Errors that an operator can mend become sentences; others lose their details, which hold
    what a row said."""
    try:
        yield
    except IntegrityError as error:
        _silence(error)
        raise
    except StatementError as error:  # DBAPIError, and what failed before the driver was asked
        known = _known(error.orig) or _unanswered(error)
        if known is not None:
            raise known from None
        _silence(error)
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        known = _known(error)
        if known is not None:
            raise known from None
        _forget_details(error)
        raise
    except (OSError, TimeoutError, PoolTimeout) as error:
        raise Unreachable(reason_of(error)) from error


def cut_off(error: BaseException) -> bool:
    """Whether a connection is lost, so that the same may be asked again on another."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(("08", "57P"))
    return isinstance(error, LOST)


def _known(error: BaseException | None) -> StorageError | None:
    if isinstance(error, (TimeoutError, *LOST)):
        return Unreachable(reason_of(error))
    state = str(getattr(error, "sqlstate", None) or "")
    for beginning, kind, sentence in _SENTENCES:
        if state.startswith(beginning):
            return kind(sentence)
    lost = getattr(error, "__cause__", None)
    return _known(lost) if lost is not None else None


def _unanswered(error: StatementError) -> StorageError | None:
    """What psycopg says where there is no connection yet: it has no code, only libpq's words."""
    odd = "invalid connection option" in str(error.orig)
    if not (odd or isinstance(error, OperationalError)) or getattr(error.orig, "sqlstate", None):
        return None
    return Unreachable(libpqs_reason(str(error.orig)))


def _silence(error: StatementError) -> None:
    """The row that was refused stands in DETAIL, and in the message that is made of it."""
    orig = error.orig
    if orig is None:
        return
    if orig.__cause__ is not None:
        _forget_details(orig.__cause__)
    orig.args = tuple(str(part).partition("\nDETAIL")[0] for part in orig.args)


def _forget_details(error: BaseException) -> None:
    if isinstance(error, asyncpg.PostgresError):
        error.detail = None
