"""Connections of asyncpg itself, for the statements of every call: Core costs several times what
the driver does. Beneath `PostgresDatabase` and `PostgresSteps`."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine

from storage.postgres.errors import ASKED, cut_off

ASYNCPG: Final = "postgresql+asyncpg"
PATIENT: Final = 600.0
"""Seconds of a statement that changes the schema."""
MOST_LINES: Final = 8
"""Looks at once: each takes a tenth of a millisecond."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to connect: `core` for SQLAlchemy (`patient` for migrations), `direct` for asyncpg; and
    whether PgBouncer stands between."""

    core: Mapping[str, Any]
    patient: Mapping[str, Any]
    direct: Mapping[str, Any]
    pooled: bool


def driver_options(url: URL, *, pooled: bool, seconds: float) -> Options:
    """Bounded in time; without named statements behind PgBouncer (`pooled`), which in transaction
    mode hands each transaction another connection."""
    if url.drivername != ASYNCPG:
        core: dict[str, Any] = {"connect_timeout": max(int(seconds), 2)}
        if pooled:
            core["prepare_threshold"] = None
        return Options(core, core, {}, pooled)
    direct: dict[str, Any] = {"timeout": seconds, "command_timeout": seconds}
    if pooled:
        direct["statement_cache_size"] = 0
    core = {**direct, "prepared_statement_cache_size": 0} if pooled else direct
    address = create_async_engine(url).dialect.create_connect_args(url)[1]
    return Options(core, {**core, "command_timeout": PATIENT}, {**address, **direct}, pooled)


class Line:
    """One connection, opened when first asked for and again where it was lost."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._connection: asyncpg.Connection[Any] | None = None

    async def connection(self) -> "asyncpg.Connection[Any]":
        """The connection. Raises what the driver raises where there is no server."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(**self._options.direct)
        return self._connection

    def pinned(
        self, connection: "asyncpg.Connection[Any]"
    ) -> contextlib.AbstractAsyncContextManager[Any]:
        """A statement is prepared and carried out in two breaths: PgBouncer hands both to the same
        server within a transaction only."""
        return connection.transaction() if self._options.pooled else contextlib.nullcontext()

    async def close(self) -> None:
        """Without waiting long for a server that is gone."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                await self._connection.close(timeout=1)
            self._connection = None

    def drop(self) -> None:
        """Let go at once: what it was asked last may still be under way there."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class Lines:
    """A few connections for looks; the one used last is used next."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._idle: list[Line] = []
        self._free = asyncio.Semaphore(MOST_LINES)
        self._closed = False

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """The rows of one query; once more on a new connection, where one was lost."""
        async with self._free:
            line = self._idle.pop() if self._idle else Line(self._options)
            try:
                return await _fetched(line, sql, values)
            except BaseException as error:
                if cut_off(error) or not isinstance(error, asyncpg.PostgresError):
                    line.drop()  # cut off in the middle, it is of no use to the next
                raise
            finally:
                await self._back(line)

    async def _back(self, line: Line) -> None:
        if self._closed:
            await line.close()
        else:
            self._idle.append(line)

    async def close(self) -> None:
        """All of them; one that is asked just now, once it has answered."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()


async def _fetched(line: Line, sql: str, values: Sequence[Any]) -> Sequence[Any]:
    try:
        return await _asked(line, sql, values)
    except ASKED as error:
        if not cut_off(error):
            raise
        line.drop()
    return await _asked(line, sql, values)


async def _asked(line: Line, sql: str, values: Sequence[Any]) -> Sequence[Any]:
    connection = await line.connection()
    async with line.pinned(connection):
        rows: Sequence[Any] = await connection.fetch(sql, *values)
    return rows
