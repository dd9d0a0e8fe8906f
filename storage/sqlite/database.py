"""The database on SQLite: one file, one process, one writer at a time. The counterpart of
`storage.postgres.database`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Row, Select, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.beneath import Read
from storage.effects import Effects
from storage.engine import Database, Signals, Wake
from storage.errors import told
from storage.handing import Handing
from storage.sqlite.brief import Brief, BriefWrites, begun
from storage.sqlite.steps import SqliteSteps
from storage.steps import Hook

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


class SqliteDatabase(Database):
    """One file, one process. Writers take turns, so that none waits unfairly in SQLite itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine: AsyncEngine = create_async_engine(
            f"sqlite+aiosqlite:///{path}", hide_parameters=True
        )
        prepare(self.engine.sync_engine)
        self.writer = asyncio.Lock()
        self.signals = Signals()
        self.woken = Wake(self.signals)
        self.handing = Handing(self.replica)
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

    async def look(self, query: Read, **values: object) -> Sequence[Any]:
        """At once on the loop: such rows cost less than a hop to a thread, and readers wait for
        no writer (WAL)."""
        if self._looks is None:
            self._looks = begun(self._beneath.connect())
        with told():
            return query.on(self._looks, values)

    async def brief(self, work: Callable[[Connection], T]) -> T:
        """Short work that writes, whole or not at all; what waits with it shares its commit. The
        writer's turn, which steps wait for, ends the sooner."""
        with told():
            return await self._writes.run(work)

    def steps(self, effects: Effects, hook: Hook | None) -> SqliteSteps:
        """On a connection of its own."""
        return SqliteSteps(self.beneath(), effects, self.handing, hook)

    def take_turns(self, unit: Connection, *names: str) -> None:
        """Nothing to do: brief work has the only writer's turn."""

    async def tidy(self) -> None:
        """Most of the log goes into the database beside the writer; the rest, and the end of the
        log, take a moment of its lock. Where a reader is in the way the next round does it."""
        async with self.engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await _pragma(driver, "wal_checkpoint(PASSIVE)")
            async with self.writer:
                patience = await _pragma(driver, "busy_timeout")
                await _pragma(driver, "busy_timeout=0")
                try:
                    await _pragma(driver, "wal_checkpoint(TRUNCATE)")
                finally:
                    await _pragma(driver, f"busy_timeout={patience}")

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


async def _pragma(driver: Any, words: str) -> int | None:
    """Ask SQLite; the first number of its answer."""
    async with driver.execute(f"PRAGMA {words}") as cursor:
        row = await cursor.fetchone()
    return None if row is None else int(row[0])
