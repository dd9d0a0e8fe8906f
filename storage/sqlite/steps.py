"""Batches of steps on SQLite: one transaction in a thread of its own, beneath Core (ADR 6).
Implements `storage.steps.StepRows`; the counterpart of `storage.postgres.steps`."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from ivr.ports import RecordingRef, RecordingTaken, Step
from storage.beneath import cursor_of
from storage.effects import Count, Effects
from storage.errors import StorageError, told
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
WINNER_OF_CALL: Final = "SELECT id FROM calls WHERE account = ? AND sid = ?"
WINNER_OF_TURN: Final = "SELECT reply FROM steps WHERE call_id = ? AND turn = ?"


class SqliteSteps:
    """Owns its connection and its thread."""

    def __init__(self, engine: Engine, effects: Effects, hook: Hook | None) -> None:
        self._engine = engine
        self._effects = effects
        self._hook = hook
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._connection: Connection | None = None

    async def open(self) -> None:
        """Connect, in the thread."""
        loop = asyncio.get_running_loop()
        self._connection = begun(await loop.run_in_executor(self._thread, self._engine.connect))

    async def keep(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """In the thread; the loop goes on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._keep, steps)

    async def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
        self._thread.shutdown()
        self._engine.dispose()

    def _keep(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """The whole batch at once; if that fails, with a savepoint a step (repeats and doubled
        matters); if that fails too, in transactions of their own, so that a step which cannot be
        written, or no longer fits on the disk, fails alone."""
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
            self._effect(connection, steps, counted)
            _count(connection, counted)
        return kept(steps)

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
                for write in writes_of(self._effects, [step], counted):
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
