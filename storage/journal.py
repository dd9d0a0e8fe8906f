"""The only batch writer of call steps: many steps of many calls in one transaction, each answered
after its commit (design §3, The journal). Beneath Core on the hot path (ADR 6)."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ivr.flow.call import to_plain
from ivr.flow.effect import NoteStray, NoteVerdict
from ivr.ports import (
    MatterTaken,
    RecordingRef,
    RecordingTaken,
    ReferenceTaken,
    Reply,
    Step,
)
from storage.brief import begun, cursor_of, transaction
from storage.effects import Count, Effects, Source, enqueues
from storage.engine import Database
from storage.errors import StorageError, told
from storage.tables.base import sqlite_text
from storage.writes import HOLD_RECORDING, held_row

MOST_STEPS: Final = 256
"""Steps of one transaction: more wait for the next, so that none holds the lock for long."""
QUIET: Final = 3
"""Turns of the loop from a socket that can be read to its step in the queue."""
LONGEST_GATHER: Final = 0.003
"""Seconds that a step waits for others at most: less than a caller or a carrier could notice."""

INSERT_CALL: Final = (
    "INSERT INTO calls (id, account, sid, dialled, plan, started) VALUES (?, ?, ?, ?, ?, ?)"
)
INSERT_STEP: Final = (
    "INSERT INTO steps (call_id, turn, at, event, state, reply, attempt)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
WINNER_OF_CALL: Final = "SELECT id FROM calls WHERE account = ? AND sid = ?"
WINNER_OF_TURN: Final = "SELECT reply FROM steps WHERE call_id = ? AND turn = ?"


class KillPoint(StrEnum):
    """Where tests may end the process: between a commit and its answers, and around it."""

    BEFORE_COMMIT = "before commit"
    AFTER_COMMIT = "after commit"
    BEFORE_ANSWER = "before the answer"


Hook = Callable[[KillPoint], None]


class Lost(StorageError):
    """A step could not be kept: another webhook holds its turn, and its reply is gone."""


@dataclass(slots=True)
class _Waiting:
    """A step and whoever waits for it."""

    step: Step
    answer: asyncio.Future[Reply]


Outcome = Reply | Exception


class SqliteJournal:
    """Implements `ivr.ports.Journal`. Start it in the running loop, stop it before the database."""

    def __init__(self, database: Database, effects: Effects, hook: Hook | None = None) -> None:
        self._database = database
        self._effects = effects
        self._hook = hook
        self._queue: list[_Waiting] = []
        self._filled = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._engine = database.beneath()
        self._connection: Connection | None = None
        self._writer: asyncio.Task[None] | None = None
        self._stopped = False

    async def start(self) -> None:
        """Open the journal's connection and begin to write."""
        loop = asyncio.get_running_loop()
        opened = await loop.run_in_executor(self._thread, self._engine.connect)
        self._connection = begun(opened)
        self._writer = loop.create_task(self._write(), name="journal")

    async def stop(self) -> None:
        """Write what waits, then close; later steps are refused."""
        self._stopped = True
        if self._writer is not None:
            await asyncio.gather(*(w.answer for w in self._queue), return_exceptions=True)
            async with self._database.writer:
                self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        if self._connection is not None:
            self._connection.close()
        self._thread.shutdown()
        self._engine.dispose()

    async def append(self, step: Step) -> Reply:
        """Keep the step; return once it is durable. Raises MatterTaken, ReferenceTaken,
        RecordingTaken, StorageError."""
        if self._stopped:
            raise StorageError("the journal is stopped: the server is ending, try again soon")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(step, answer))
        self._filled.set()
        return await answer

    async def _gather(self) -> None:
        """Let what is arriving join the batch, for a commit costs as much as ten steps: until the
        loop has turned QUIET times without another step."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_GATHER
        seen, quiet = len(self._queue), 0
        while quiet < QUIET and seen < MOST_STEPS and loop.time() < until:
            await asyncio.sleep(0)
            found = len(self._queue)
            seen, quiet = found, 0 if found > seen else quiet + 1

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            await self._gather()
            async with self._database.writer:
                batch, self._queue = self._queue[:MOST_STEPS], self._queue[MOST_STEPS:]
                if not self._queue:
                    self._filled.clear()
                outcomes = await loop.run_in_executor(self._thread, self._keep, batch)
            self._reach(KillPoint.BEFORE_ANSWER)
            _answer(batch, outcomes)
            if any(enqueues(waiting.step.effects) for waiting in batch):
                self._database.woken.set()

    def _keep(self, batch: Sequence[_Waiting]) -> Sequence[Outcome]:
        """In the journal's thread: the whole batch at once; if that fails, with a savepoint a
        step (repeats and doubled matters); if that fails too, in transactions of their own, so
        that a step which cannot be written, or no longer fits on the disk, fails alone."""
        steps = [waiting.step for waiting in batch]
        for keep in (self._together, self._one_by_one):
            with contextlib.suppress(Exception):
                return keep(steps)
        return [self._singly(step) for step in steps]

    def _together(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        counted: Counter[Count] = Counter()
        calls = [row for step in steps for row in _call_rows(step)]
        rows = [_step_row(step) for step in steps]
        with self._transaction() as connection:
            cursor = cursor_of(connection)
            if calls:
                cursor.executemany(INSERT_CALL, calls)
            cursor.executemany(INSERT_STEP, rows)
            for step in steps:
                if step.recording is not None:
                    _hold(connection, step, step.recording)
                if step.effects:
                    self._effect(connection, step, counted)
            _count(connection, counted)
        return [Reply(step.call.id, step.reply, mine=True) for step in steps]

    def _one_by_one(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        with self._transaction() as connection:
            return [self._alone(connection, step) for step in steps]

    def _singly(self, step: Step) -> Outcome:
        try:
            with told(), self._transaction() as connection:
                return self._alone(connection, step)
        except Exception as error:  # noqa: BLE001 - the waiting webhook is told
            return error

    def _alone(self, connection: Connection, step: Step) -> Outcome:
        """One step in a savepoint of its own: ours, the winner's reply, or its own failure."""
        winner = _winner(connection, step)
        if winner is not None:
            return winner
        cursor = cursor_of(connection)
        cursor.execute("SAVEPOINT step")
        try:
            cursor.executemany(INSERT_CALL, _call_rows(step))
            cursor.execute(INSERT_STEP, _step_row(step))
            if step.recording is not None:
                _hold(connection, step, step.recording)
            counted: Counter[Count] = Counter()
            self._effect(connection, step, counted)
            _count(connection, counted)
        except (IntegrityError, sqlite3.IntegrityError, RecordingTaken) as error:
            cursor.execute("ROLLBACK TO step")
            cursor.execute("RELEASE step")
            return taken(error)
        cursor.execute("RELEASE step")
        return Reply(step.call.id, step.reply, mine=True)

    def _effect(self, connection: Connection, step: Step, counted: Counter[Count]) -> None:
        """The rows of a step's effects; what is only counted is added up, for one row a batch."""
        source = Source(step.call.id, step.call.dialled, step.at, step.attempt)
        for effect in step.effects:
            if isinstance(effect, NoteVerdict | NoteStray):
                counted[self._effects.count_of(source, effect)] += 1
                continue
            for write in self._effects.writes(source, effect):
                write.on(connection)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._connection is None:
            raise StorageError("the journal was not started")
        with transaction(self._connection, lambda: self._reach(KillPoint.BEFORE_COMMIT)):
            yield self._connection
        self._reach(KillPoint.AFTER_COMMIT)

    def _reach(self, point: KillPoint) -> None:
        if self._hook is not None:
            self._hook(point)


def _hold(connection: Connection, step: Step, ref: RecordingRef) -> None:
    """The recording's row, before the effects that say whose it is."""
    row = held_row(step.call.id, step.turn, ref, step.at)
    if not HOLD_RECORDING.on(connection, row).rowcount:
        raise RecordingTaken("this recording is of another call")


def _count(connection: Connection, counted: Counter[Count]) -> None:
    for count, times in counted.items():
        count.write(times).on(connection)


def _call_rows(step: Step) -> list[tuple[Any, ...]]:
    origin, call = step.origin, step.call
    if origin is None:
        return []
    started = sqlite_text(call.started)
    return [(call.id, origin.account, origin.sid, call.dialled, call.plan, started)]


def _step_row(step: Step) -> tuple[Any, ...]:
    return (
        step.call.id,
        step.turn,
        sqlite_text(step.at),
        step.event,
        orjson.dumps(to_plain(step.call)),
        step.reply,
        step.attempt,
    )


def _winner(connection: Connection, step: Step) -> Outcome | None:
    """The reply of whoever took this turn before, or None where it is free."""
    cursor = cursor_of(connection)
    call_id = step.call.id
    if step.origin is not None:
        row = cursor.execute(WINNER_OF_CALL, (step.origin.account, step.origin.sid)).fetchone()
        if row is None:
            return None
        call_id = row[0]
    found = cursor.execute(WINNER_OF_TURN, (call_id, step.turn)).fetchone()
    if found is None:
        return None
    if found[0] is None:
        return Lost("this turn was answered long ago and its reply is no longer kept")
    return Reply(call_id, found[0], mine=False)


def taken(error: Exception) -> Exception:
    """Which uniqueness was hurt: of the matter, of the case number, or another."""
    text = str(getattr(error, "orig", error))
    if "cases.call_id" in text:
        return MatterTaken("this recording has a case already")
    if "cases.reference" in text:
        return ReferenceTaken("this case number is another case's")
    return error


def _answer(batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    for waiting, outcome in zip(batch, outcomes, strict=True):
        if waiting.answer.done():
            continue
        if isinstance(outcome, Reply):
            waiting.answer.set_result(outcome)
        else:
            waiting.answer.set_exception(outcome)
