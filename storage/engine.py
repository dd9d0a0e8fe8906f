"""The database: async engine, one writer at a time, units of work, migrations, and the lock that
refuses a second server. SQLite here; the stores speak Core only."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Row, Select, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.beneath import Read
from storage.brief import Brief, BriefWrites, begun

T = TypeVar("T")
MIGRATIONS: Final = Path(__file__).parent / "migrations"
PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit survives power loss
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-20000",
    "PRAGMA secure_delete=ON",  # what is deleted leaves the file
)


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


class Wake:
    """Wakes the outbox's drain: set by a commit that enqueued something."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Something is waiting."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Return when something is waiting, or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class Database:
    """One SQLite database. Writers take turns, so that none waits unfairly in SQLite itself. No
    error shows what a statement carried: words and PINs would stand in the log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine: AsyncEngine = create_async_engine(
            f"sqlite+aiosqlite:///{path}", hide_parameters=True
        )
        _prepare(self.engine.sync_engine)
        self.writer = asyncio.Lock()
        self.woken = Wake()
        self._beneath = self.beneath()
        self._looks: Connection | None = None
        self._reads = Brief(self.beneath(), "reads")
        self._writes = BriefWrites(self.beneath(), self.writer)

    def beneath(self) -> Engine:
        """A synchronous engine on the same database, for a thread of its own."""
        engine = create_engine(
            f"sqlite:///{self.path}",
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
        _prepare(engine)
        return engine

    @contextlib.asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that writes: whole or not at all; at most 20 ms at a time."""
        async with self.writer:
            with told():
                async with self.engine.connect() as connection:
                    writing = await connection.execution_options(zhitong_writes=True)
                    async with writing.begin():
                        yield writing

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view."""
        with told():
            async with self.engine.connect() as connection, connection.begin():
                yield connection

    async def read(self, query: Select[Any], **values: object) -> Sequence[Row[Any]]:
        """One short query in one hop: what a webhook waits for. `values` fill what it binds, so
        that it is put together once, not each time it is asked."""
        with told():
            return await self._reads.run(lambda reader: reader.execute(query, values).all())

    def look(self, query: Read, **values: object) -> Sequence[Any]:
        """A few rows by their key, at once on the loop: they cost less than a hop to a thread.
        Nothing else may be asked so; readers wait for no writer (WAL)."""
        if self._looks is None:
            self._looks = begun(self._beneath.connect())
        with told():
            return query.on(self._looks, values)

    async def brief(self, work: Callable[[Connection], T]) -> T:
        """Short work that writes, whole or not at all; what waits with it shares its commit. The
        writer's turn, which steps wait for, ends the sooner."""
        with told():
            return await self._writes.run(work)

    async def trouble(self) -> str:
        """What keeps the database from taking a write, or nothing. It takes the writer's turn,
        which steps wait for: strangers must not ask it as often as they like."""
        try:
            async with self.unit_of_work():
                return ""
        except StorageError as wrong:
            return str(wrong)

    async def close(self) -> None:
        """Let go of the file."""
        self._reads.close()
        self._writes.close()
        if self._looks is not None:
            self._looks.close()
        self._beneath.dispose()
        await self.engine.dispose()


def _prepare(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        cursor = dbapi_connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _(connection: Any) -> None:
        if connection.get_execution_options().get("zhitong_begun", False):
            return  # it is said beneath Core, or not at all
        writes = connection.get_execution_options().get("zhitong_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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


def migrate(path: Path) -> None:
    """Bring the database to this version's schema. Raises StorageError with a sentence."""
    engine = create_engine(f"sqlite:///{path}")
    _prepare(engine)
    try:
        with told(), engine.connect() as connection:
            if _revision(connection) != head():
                _upgrade(connection)
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision in this version: files are named by it, in order."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))


def _revision(connection: Connection) -> str | None:
    """What the database is at; None where it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return found


def _upgrade(connection: Connection) -> None:
    # Imported only when there is something to do: a warm start is spared its time.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    connection.rollback()
    try:
        command.upgrade(config, "head")
    except Exception as error:
        if "Can't locate revision" in str(error):
            raise TooNew(
                "this database was written by a newer version: run that one, or restore a backup"
            ) from error
        raise


class FolderLock:
    """Held open for as long as the server lives; the system lets go of it when it dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "server.lock"
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Raises InUse where another server has it, ReadOnly where the folder is not ours."""
        try:
            self._file = self._path.open("ab")
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


def _lock(file: IO[bytes]) -> None:
    if os.name == "nt":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl  # noqa: PLC0415 - exists on POSIX only

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
