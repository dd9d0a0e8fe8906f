"""Batches of steps on SQLite: one transaction beneath Core, committed in a thread of its own
(ADR 6). Implements `storage.steps.StepRows`; the counterpart of `storage.postgres.steps`."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from ivr.ports.journal import RecordingTaken, Step
from ivr.ports.recordings import RecordingRef
from storage.beneath import cursor_of
from storage.effects import Count, Effects
from storage.errors import StorageError, told
from storage.handing import Handing
from storage.sqlite.brief import begun, transaction
from storage.steps import Hook, KillPoint, Outcome, found, kept, state_of, taken, writes_of
from storage.tables.base import sqlite_text
from storage.writes import HOLD_RECORDING, held_row

INSERT_CALL: Final = (
    "INSERT INTO calls (id, account, sid, dialled, plan, started) VALUES (?, ?, ?, ?, ?, ?)"
)
INSERT_STEP: Final = (
    "INSERT INTO steps (call_id, turn, at, event, state, reply, attempt)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
MOST_ON_LOOP: Final = 64
"""Rows of a batch, by `_weight`, that are written on the loop: about a millisecond of it. They go
into memory; the file is written at the commit."""
PATIENCE: Final = 5000
"""Milliseconds that the thread waits for a database that another program holds."""
WINNER_OF_CALL: Final = "SELECT id FROM calls WHERE account = ? AND sid = ?"
WINNER_OF_TURN: Final = "SELECT reply FROM steps WHERE call_id = ? AND turn = ?"


class SqliteSteps:
    """Owns its connection and its thread."""

    def __init__(
        self, engine: Engine, effects: Effects, handing: Handing, hook: Hook | None
    ) -> None:
        self._engine = engine
        self._effects = effects
        self._handing = handing
        self._hook = hook
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._connection: Connection | None = None

    async def open(self) -> None:
        """Connect, in the thread."""
        loop = asyncio.get_running_loop()
        self._connection = await loop.run_in_executor(self._thread, self._connected)

    def _connected(self) -> Connection:
        connection = begun(self._engine.connect())
        _wait(connection, 0)
        return connection

    async def keep(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """The rows on the loop: in a thread each of them would hand the interpreter back and forth,
        and a step wait as often for the loop to be at rest. The commit, which waits for the disk,
        is in the thread. What does not go so goes there as a whole: many rows, repeats, a database
        that another program holds."""
        run = asyncio.get_running_loop().run_in_executor
        if sum(map(_weight, steps)) <= MOST_ON_LOOP:
            with contextlib.suppress(Exception):
                self._fill(steps)
                await run(self._thread, self._commit)
                return kept(steps)
        return await run(self._thread, self._keep, steps)

    async def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
        self._thread.shutdown()
        self._engine.dispose()

    def _fill(self, steps: Sequence[Step]) -> None:
        """Begin, and write all rows; what fails leaves nothing behind."""
        connection = self._begun
        cursor = cursor_of(connection)
        cursor.execute("BEGIN IMMEDIATE")
        try:
            self._write(connection, steps)
        except BaseException:
            cursor.execute("ROLLBACK")
            raise

    def _commit(self) -> None:
        cursor = cursor_of(self._begun)
        try:
            self._reach(KillPoint.BEFORE_COMMIT)
            cursor.execute("COMMIT")
        except BaseException:
            if cursor.connection.in_transaction:
                cursor.execute("ROLLBACK")
            raise
        self._reach(KillPoint.AFTER_COMMIT)

    def _keep(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """The whole batch at once; if that fails, with a savepoint a step (repeats and doubled
        matters); if that fails too, in transactions of their own, so that a step which cannot be
        written, or no longer fits on the disk, fails alone."""
        _wait(self._begun, PATIENCE)
        try:
            for keep in (self._together, self._one_by_one):
                with contextlib.suppress(Exception):
                    return keep(steps)
            return [self._singly(step) for step in steps]
        finally:
            _wait(self._begun, 0)

    def _together(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        with self._transaction() as connection:
            self._write(connection, steps)
        return kept(steps)

    def _write(self, connection: Connection, steps: Sequence[Step]) -> None:
        counted: Counter[Count] = Counter()
        cursor = cursor_of(connection)
        calls = [row for step in steps for row in _call_rows(step)]
        if calls:
            cursor.executemany(INSERT_CALL, calls)
        cursor.executemany(INSERT_STEP, [_step_row(step) for step in steps])
        self._effect(connection, steps, counted)
        _count(connection, counted)

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
            counted: Counter[Count] = Counter()
            self._effect(connection, [step], counted)
            _count(connection, counted)
        except (IntegrityError, sqlite3.IntegrityError, RecordingTaken) as error:
            cursor.execute("ROLLBACK TO step")
            cursor.execute("RELEASE step")
            return taken(error)
        cursor.execute("RELEASE step")
        return kept([step])[0]

    def _effect(
        self, connection: Connection, steps: Sequence[Step], counted: Counter[Count]
    ) -> None:
        for step in steps:
            if step.recording is not None:
                _hold(connection, step, step.recording)
            if step.effects:
                for write in writes_of(self._effects, self._handing, [step], counted):
                    write.on(connection)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with transaction(self._begun, lambda: self._reach(KillPoint.BEFORE_COMMIT)):
            yield self._begun
        self._reach(KillPoint.AFTER_COMMIT)

    @property
    def _begun(self) -> Connection:
        if self._connection is None:
            raise StorageError("the journal was not started")
        return self._connection

    def _reach(self, point: KillPoint) -> None:
        if self._hook is not None:
            self._hook(point)


def _weight(step: Step) -> int:
    """How much it has to write, in the rows of a plain step."""
    return 1 if len(step.effects) < 2 else 10


def _wait(connection: Connection, milliseconds: int) -> None:
    """How long for another program that holds the database; none on the loop."""
    cursor_of(connection).execute(f"PRAGMA busy_timeout={milliseconds}")


def _hold(connection: Connection, step: Step, ref: RecordingRef) -> None:
    """The recording's row, before the effects that say whose it is."""
    row = held_row(step.call.id, step.turn, ref, step.at)
    if not HOLD_RECORDING.on(connection, row):
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
        state_of(step),
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
    reply = cursor.execute(WINNER_OF_TURN, (call_id, step.turn)).fetchone()
    return None if reply is None else found(call_id, reply[0])
