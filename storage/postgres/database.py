"""The database on PostgreSQL: many writers, many replicas. The counterpart of
`storage.sqlite.database`."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    NullPool,
    Row,
    Select,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.beneath import Read
from storage.effects import Effects
from storage.engine import Database, Signals, Wake
from storage.errors import StorageError
from storage.handing import Handing
from storage.postgres.driver import ASYNCPG, Line, Lines, driver_options
from storage.postgres.errors import NO_WRITES, cut_off, told
from storage.postgres.signals import PostgresSignals
from storage.postgres.steps import CoreSteps, PostgresSteps
from storage.steps import Hook, StepRows
from storage.turns import take_turns

T = TypeVar("T")
POOL: Final = 10
"""Connections for brief work and pages; the looks and the journal have their own."""
PATIENCE: Final = 3.0
"""Seconds for a connection or a statement: a caller is told the plan rather than kept waiting."""
ANY_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(:replica)")
READS_ONLY: Final = text("SELECT current_setting('transaction_read_only')")
"""Also where the server is a standby."""
TIDIED: Final = ("steps", "outbox", "case_callers", "transcripts", "tries", "mails")
"""Tables whose deleted rows say something of people."""


class PostgresDatabase(Database):
    """`url` names asyncpg or, as the second driver, psycopg. Behind PgBouncer (`pooled`) no
    statement is prepared under a name, since the next may run on another connection, and LISTEN
    wants `listening`, an address that leads past it."""

    def __init__(self, url: str, *, pooled: bool = False, listening: str = "") -> None:
        self.url = driver_of(url)
        self._options = driver_options(self.url, pooled=pooled, seconds=PATIENCE)
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            connect_args=self._options.core,
            hide_parameters=True,
            pool_size=POOL,
            max_overflow=POOL,
            pool_timeout=PATIENCE,
            pool_recycle=1800,
        )
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.writer = asyncio.Lock()
        self.replica = replica = secrets.randbits(62)
        self.signals = self._signals(listening, replica, pooled=pooled)
        self.woken = Wake(self.signals)
        self.handing = Handing(self.replica)
        self._lines = Lines(self._options) if self._direct else None

    def _signals(self, listening: str, replica: int, *, pooled: bool) -> Signals:
        """Where the only way leads through PgBouncer, nothing is told: LISTEN, and the lock that
        says that a replica lives, would stay with whoever gets the connection next."""
        if pooled and not listening:
            return Signals()
        direct = (driver_of(listening) if listening else self.url).set(drivername=ASYNCPG)
        options = driver_options(direct, pooled=False, seconds=PATIENCE)
        return PostgresSignals(options, replica)

    @property
    def _direct(self) -> bool:
        return self.url.drivername == ASYNCPG

    @contextlib.asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[AsyncConnection]:
        """One transaction."""
        with told():
            async with self.engine.begin() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One snapshot."""
        view = {"isolation_level": "REPEATABLE READ"}
        with told():
            async with self.engine.connect() as connection:
                one = await connection.execution_options(**view)
                async with one.begin():
                    yield one

    async def read(self, query: Select[Any], **values: object) -> Sequence[Row[Any]]:
        """One statement, in no transaction of ours."""

        async def ask() -> Sequence[Row[Any]]:
            async with self._single.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(query, values)).all()
            return rows

        return await self._again(ask)

    async def look(self, query: Read, **values: object) -> Sequence[Any]:
        """By the driver itself where that is asyncpg."""
        if self._lines is None:
            return await self.read(query.query, **values)
        asked = query.of(self.engine.dialect)
        with told():
            rows = await self._lines.fetch(asked.text.sql, asked.text.fill(values))
        return [asked.row(row) for row in rows]

    async def brief(self, work: Callable[[Connection], T]) -> T:
        """In a transaction of its own."""
        done = False

        async def do() -> T:
            nonlocal done
            async with self.engine.begin() as connection:
                result = await connection.run_sync(work)
                done = True  # a commit may have gone through, though no answer came
                return result

        return await self._again(do, unless=lambda: done)

    async def _again(
        self, do: Callable[[], Awaitable[T]], unless: Callable[[], bool] = lambda: False
    ) -> T:
        """Once more on a new connection, where the one that we had was lost in a restart."""
        with told():
            try:
                return await do()
            except Exception as error:
                if not cut_off(error) or unless():
                    raise
            return await do()

    @contextlib.asynccontextmanager
    async def patient(self) -> AsyncIterator[AsyncConnection]:
        """A connection of its own whose statements may take minutes, for migrations."""
        engine = create_async_engine(
            self.url, connect_args=self._options.patient, hide_parameters=True, poolclass=NullPool
        )
        async with engine.connect() as connection:
            yield connection

    def steps(self, effects: Effects, hook: Hook | None) -> StepRows:
        """On a connection of its own."""
        if self._direct:
            return PostgresSteps(Line(self._options), self.engine, effects, self.handing, hook)
        return CoreSteps(self.engine, effects, self.handing, hook)

    def take_turns(self, unit: Connection, *names: str) -> None:
        """Advisory locks until the transaction ends."""
        take_turns(unit, *names)

    def is_gone(self, unit: Connection, replica: int) -> bool:
        """Whether nobody holds its lock (`signals`). One that is only suspended holds it still."""
        free: bool = unit.execute(ANY_LOCK, {"replica": replica}).scalar_one()
        return free

    async def trouble(self) -> str:
        """Asked over the wire: SQLAlchemy begins a transaction with its first statement, so that
        one without any succeeds on a connection whose server is gone."""
        try:
            async with self.unit_of_work() as unit:
                reads_only = await unit.scalar(READS_ONLY)
        except StorageError as wrong:
            return str(wrong)
        return NO_WRITES if reads_only == "on" else ""

    async def tidy(self) -> None:
        """Dead rows leave their pages. Another replica may be at it: then it is done there."""
        with contextlib.suppress(StorageError), told():
            async with self._single.connect() as connection:
                for table in TIDIED:
                    await connection.execute(text(f"VACUUM (SKIP_LOCKED) {table}"))

    async def close(self) -> None:
        """Let go of every connection."""
        if self._lines is not None:
            await self._lines.close()
        await self.engine.dispose()


def driver_of(url: str) -> URL:
    """The address with the driver that we use; a bare `postgresql://` means asyncpg. Raises
    StorageError."""
    try:
        told_of = make_url(url)
    except ArgumentError as wrong:
        raise StorageError(
            "DATABASE_URL cannot be read: write postgresql://user:password@host/name, with signs "
            "such as / or @ in the password as %2F, %40"
        ) from wrong
    if told_of.drivername in ("postgresql", "postgres"):
        told_of = told_of.set(drivername=ASYNCPG)
    if told_of.drivername == ASYNCPG and "sslmode" in told_of.query:  # it calls that ssl
        wanted = told_of.query["sslmode"]
        told_of = told_of.difference_update_query(["sslmode"]).update_query_dict({"ssl": wanted})
    return told_of
