"""Short work on a connection of its own, in a thread of its own: one hop a piece, where the async
engine hops once a statement. Beneath `SqliteDatabase`'s read and brief."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine

from storage.beneath import cursor_of

T = TypeVar("T")
MOST_TOGETHER: Final = 32
"""Pieces of work in one transaction: more wait for the next, so that steps come in between."""


class Brief:
    """Connects when first asked. Pieces of work take turns, in the order they came."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """The work's result. Without `transaction` each of its statements stands alone."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

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


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A piece of work and whoever waits for it."""

    work: Callable[[Connection], Any]
    answer: asyncio.Future[Any]


class BriefWrites:
    """Pieces that wait for the writer's turn are carried out together by the first of them that
    gets it: one hop and one commit for all, as the journal does with steps."""

    def __init__(self, engine: Engine, writer: asyncio.Lock) -> None:
        self._brief = Brief(engine, "writes")
        self._writer = writer
        self._waiting: list[_Piece] = []

    async def run(self, work: Callable[[Connection], T]) -> T:
        """The work's result, once it is durable. It may be carried out twice, if what it was
        put together with failed: it must change nothing but the database."""
        piece = _Piece(work, asyncio.get_running_loop().create_future())
        self._waiting.append(piece)
        try:
            async with self._writer:
                while piece in self._waiting:
                    await self._lead()
        except BaseException:
            piece.answer.cancel()  # nobody asks any more, also where a leader has taken it
            raise
        finally:  # cut off while it waited: it is nobody's work any more
            if piece in self._waiting:
                self._waiting.remove(piece)
        answer: T = await piece.answer
        return answer

    async def _lead(self) -> None:
        """The first pieces of all that wait; each is told even if their leader is cut off."""
        pieces, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        works = [piece.work for piece in pieces]
        kept = self._brief.run(lambda unit: _keep(unit, works))
        kept.add_done_callback(lambda done: _tell(pieces, done))
        await asyncio.shield(kept)

    def close(self) -> None:
        """As `Brief.close`."""
        self._brief.close()


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


def _keep(connection: Connection, works: Sequence[Callable[[Connection], Any]]) -> Sequence[Any]:
    """All in one transaction; if that fails, each in its own, so that a bad one fails alone."""
    if len(works) > 1:
        with contextlib.suppress(Exception), transaction(connection):
            return [work(connection) for work in works]
    return [_alone(connection, work) for work in works]


def _alone(connection: Connection, work: Callable[[Connection], Any]) -> Any:
    try:
        with transaction(connection):
            return work(connection)
    except Exception as error:  # noqa: BLE001 - whoever waits is told
        return _Failed(error)


def _tell(pieces: Sequence[_Piece], kept: asyncio.Future[Sequence[Any]]) -> None:
    error = kept.exception()
    outcomes = kept.result() if error is None else [_Failed(error) for _ in pieces]
    for piece, outcome in zip(pieces, outcomes, strict=True):
        if piece.answer.done():  # nobody waits any more
            continue
        if isinstance(outcome, _Failed):
            piece.answer.set_exception(outcome.error)
        else:
            piece.answer.set_result(outcome)


def begun(connection: Connection) -> Connection:
    """A connection on which Core says no BEGIN: we say it beneath, or not at all."""
    return connection.execution_options(zhitong_begun=True)


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
