"""The database: async engine, one writer at a time, units of work. SQLite here; the stores speak
Core only."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Row, Select, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.beneath import Read
from storage.brief import Brief, BriefWrites, begun
from storage.errors import StorageError, told

T = TypeVar("T")
PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit survives power loss
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-20000",
    "PRAGMA secure_delete=ON",  # what is deleted leaves the file
)


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
        prepare(self.engine.sync_engine)
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
        prepare(engine)
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


def prepare(engine: Engine) -> None:
    """Each connection is set up alike, and Core's BEGIN is the one that we want."""

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
