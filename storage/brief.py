"""Short work on a connection of its own, in a thread of its own: one hop a piece, where the async
engine hops once a statement. Beneath `Database.read` and `Database.brief`."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")


class Brief:
    """Connects when first asked. Pieces of work take turns, in the order they came."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: Connection | None = None

    async def run(self, work: Callable[[Connection], T]) -> T:
        """The work's result. Without `transaction` each of its statements stands alone."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    def _do(self, work: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = begun(self._engine.connect())
        return work(self._connection)

    def close(self) -> None:
        """Finish what was begun, then let go of the file."""
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()


def begun(connection: Connection) -> Connection:
    """A connection on which Core says no BEGIN: we say it beneath, or not at all."""
    return connection.execution_options(zhitong_begun=True)


def cursor_of(connection: Connection) -> sqlite3.Cursor:
    """The driver's own cursor beneath Core's connection."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return driver.cursor()


@contextlib.contextmanager
def transaction(
    connection: Connection, ready: Callable[[], None] = lambda: None
) -> Iterator[sqlite3.Cursor]:
    """BEGIN IMMEDIATE ... COMMIT beneath Core, which is told nothing of it: its statements run
    inside, as they would in a transaction of its own. `ready` is called before the commit."""
    cursor = cursor_of(connection)
    cursor.execute("BEGIN IMMEDIATE")
    try:
        yield cursor
        ready()
        cursor.execute("COMMIT")
    except BaseException:
        if cursor.connection.in_transaction:
            cursor.execute("ROLLBACK")
        raise
