"""Batches of steps on PostgreSQL: one statement for all of them, and one for each kind of row that
their effects want (ADR 6). Implements `storage.steps.StepRows`; the counterpart of
`storage.sqlite.steps`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.ports import RecordingTaken, Step
from storage.beneath import Written
from storage.effects import Count, Effects
from storage.postgres.driver import Line
from storage.postgres.errors import AWAY, Unreachable, cut_off, told
from storage.steps import Hook, KillPoint, Outcome, found, kept, state_of, taken, writes_of
from storage.tables.base import aware, plain
from storage.tables.calls import calls, steps
from storage.writes import HOLD_RECORDING, IN_ORDER, Write, held_row

CALL: Final = ("id", "account", "sid", "dialled", "plan", "started")
STEP: Final = ("call_id", "turn", "at", "event", "state", "reply", "attempt")
CALLS: Final = (
    "INSERT INTO calls (id, account, sid, dialled, plan, started)"
    " SELECT * FROM unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::int[],"
    " $13::timestamp[])"
)
STEPS: Final = (
    "INSERT INTO steps (call_id, turn, at, event, state, reply, attempt)"
    " SELECT * FROM unnest($1::text[], $2::int[], $3::timestamp[], $4::bytea[], $5::bytea[],"
    " $6::bytea[], $7::int[])"
)
BATCH: Final = "WITH begun AS (" + CALLS + ") " + STEPS
"""Calls and their steps in one statement, which is a transaction by itself: whole or not at all."""


class CoreSteps:
    """By Core alone: whichever driver it is, and whatever a batch holds."""

    def __init__(self, engine: AsyncEngine, effects: Effects, hook: Hook | None) -> None:
        self._engine = engine
        self._effects = effects
        self._hook = hook

    async def open(self) -> None:
        """Raises StorageError where there is no server."""
        with told():
            async with self._engine.connect():
                pass

    async def keep(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """All in one transaction, each in a savepoint; where that fails as a whole, each in its
        own, so that a step that cannot be written fails alone. Raises StorageError."""
        try:
            return await self._in_time(steps)
        except Unreachable:
            raise
        except Exception:  # noqa: BLE001 - found below, and told to whom it concerns
            return [await self._singly(step) for step in steps]

    async def close(self) -> None:
        """The engine is the database's."""

    async def _singly(self, step: Step) -> Outcome:
        try:
            return (await self._in_time([step]))[0]
        except Unreachable:
            raise
        except Exception as error:  # noqa: BLE001 - the waiting webhook is told
            return error

    async def _in_time(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Once more, where the connections that we had were lost in a restart: what was kept is
        found then. Raises Unreachable, and what a step does."""
        with told():
            try:
                return await self._in_one(steps)
            except Exception as error:
                if not cut_off(error):
                    raise
            return await self._in_one(steps)

    async def _in_one(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        async with self._engine.connect() as connection:
            async with connection.begin():
                outcomes = await connection.run_sync(self._each, steps)
                self._reach(KillPoint.BEFORE_COMMIT)
            self._reach(KillPoint.AFTER_COMMIT)
        return outcomes

    def _each(self, connection: Connection, steps: Sequence[Step]) -> Sequence[Outcome]:
        return [self._alone(connection, step) for step in steps]

    def _alone(self, connection: Connection, step: Step) -> Outcome:
        """One step: ours, the winner's reply, or its own failure."""
        winner = _winner(connection, step)
        if winner is not None:
            return winner
        try:
            with connection.begin_nested():
                self._write(connection, step)
        except (IntegrityError, RecordingTaken) as error:
            # Another replica may have won the turn while we waited for its row.
            return _winner(connection, step) or taken(error)
        return kept([step])[0]

    def _write(self, connection: Connection, step: Step) -> None:
        if step.origin is not None:
            connection.execute(calls.insert().inline(), _named(CALL, _call_row(step)))
        connection.execute(steps.insert().inline(), _named(STEP, _step_row(step)))
        if step.recording is not None and not HOLD_RECORDING.on(connection, _held(step)):
            raise RecordingTaken("this recording is of another call")
        counted: Counter[Count] = Counter()
        for write in writes_of(self._effects, [step], counted):
            write.on(connection)
        for write in _counts(counted):
            write.on(connection)

    def _reach(self, point: KillPoint) -> None:
        if self._hook is not None:
            self._hook(point)


class PostgresSteps(CoreSteps):
    """By the driver, where a batch is as batches are; any other goes by Core."""

    def __init__(
        self, line: Line, engine: AsyncEngine, effects: Effects, hook: Hook | None
    ) -> None:
        super().__init__(engine, effects, hook)
        self._line = line
        self._dialect: Dialect = engine.dialect

    async def open(self) -> None:
        """Raises StorageError where there is no server."""
        with told():
            await self._line.connection()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._line.close()

    async def keep(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """By the driver; a repeat, a doubled matter or a lost connection ends in Core's way, which
        finds what was kept."""
        rows = self._rows(steps)
        if rows is not None:
            try:
                await self._together(steps, rows)
            except TimeoutError as hangs:  # Core would wait as long again
                self._line.drop()
                raise Unreachable(AWAY) from hangs
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                self._line.drop()
            else:
                return kept(steps)
        return await super().keep(steps)

    def _rows(self, steps: Sequence[Step]) -> Sequence[tuple[Written, list[Any]]] | None:
        """The rows of the effects by their statement, in an order that no key is against; None
        where one of them is no plain row."""
        counted: Counter[Count] = Counter()
        by_statement: dict[int, list[Any]] = {}
        try:
            writes = [*writes_of(self._effects, steps, counted), *_counts(counted)]
        except Exception:  # noqa: BLE001 - Core's way finds which step it is
            return None
        for write in writes:
            if write.statement not in IN_ORDER or not isinstance(write.statement, Written):
                return None
            values = write.values or {}
            rows = [values] if isinstance(values, Mapping) else values
            by_statement.setdefault(IN_ORDER.index(write.statement), []).extend(rows)
        return [(IN_ORDER[at], by_statement[at]) for at in sorted(by_statement)]

    async def _together(
        self, steps: Sequence[Step], rows: Sequence[tuple[Written, list[Any]]]
    ) -> None:
        connection = await self._line.connection()
        recorded = [step for step in steps if step.recording is not None]
        if not (rows or recorded or self._hook):
            await connection.execute(BATCH, *_columns(steps))
            return
        async with connection.transaction():
            await connection.execute(BATCH, *_columns(steps))
            for step in recorded:
                await self._hold(connection, step)
            for statement, values in rows:
                for text, filled in _texts(statement, self._dialect, values):
                    await connection.executemany(text, filled)
            self._reach(KillPoint.BEFORE_COMMIT)
        self._reach(KillPoint.AFTER_COMMIT)

    async def _hold(self, connection: "asyncpg.Connection[Any]", step: Step) -> None:
        """The recording's row, before the effects that say whose it is. Another call's is found
        out by Core's way."""
        row = _held(step)
        text = HOLD_RECORDING.text(self._dialect, row)
        if await connection.execute(text.sql, *text.fill(row)) != "INSERT 0 1":
            raise asyncpg.UniqueViolationError


def _held(step: Step) -> dict[str, Any]:
    if step.recording is None:
        raise ValueError("this step holds no recording")
    return held_row(step.call.id, step.turn, step.recording, step.at)


def _texts(
    statement: Written, dialect: Dialect, rows: Sequence[dict[str, Any]]
) -> list[tuple[str, list[list[Any]]]]:
    """Rows of the same columns go together."""
    texts: dict[str, list[list[Any]]] = {}
    for row in rows:
        text = statement.text(dialect, row)
        texts.setdefault(text.sql, []).append(text.fill(row))
    return list(texts.items())


def _columns(steps: Sequence[Step]) -> list[list[Any]]:
    """What BATCH wants: seven columns of the steps, in the order of their keys so that replicas
    never wait for each other in a ring, then six of the calls that they begin."""
    ordered = sorted(steps, key=lambda step: (step.call.id, step.turn))
    rows = [_step_row(step, plain) for step in ordered]
    begun = [_call_row(step, plain) for step in ordered if step.origin is not None]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns + ([list(c) for c in zip(*begun, strict=True)] if begun else [[]] * 6)


def _call_row(step: Step, at: Callable[[datetime], datetime] = aware) -> tuple[Any, ...]:
    """By CALL's names."""
    origin, call = step.origin, step.call
    if origin is None:
        raise ValueError("only a call's first step begins it")
    return (call.id, origin.account, origin.sid, call.dialled, call.plan, at(call.started))


def _step_row(step: Step, at: Callable[[datetime], datetime] = aware) -> tuple[Any, ...]:
    """By STEP's names."""
    state = state_of(step)
    return (
        step.call.id, step.turn, at(step.at), step.event, state, step.reply, step.attempt
    )  # fmt: skip


def _named(names: Sequence[str], row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(names, row, strict=True))


def _counts(counted: Counter[Count]) -> list[Write]:
    """In one order: replicas never wait for each other in a ring."""
    return [count.write(times) for count, times in sorted(counted.items(), key=_key)]


def _key(item: tuple[Count, int]) -> tuple[str, str, str]:
    count = item[0]
    return count.day, count.dialled or "", count.kind


def _winner(connection: Connection, step: Step) -> Outcome | None:
    """The reply of whoever took this turn before, or None where it is free."""
    call_id = step.call.id
    if step.origin is not None:
        of = (calls.c.account == step.origin.account, calls.c.sid == step.origin.sid)
        first = connection.execute(select(calls.c.id).where(*of)).scalar_one_or_none()
        if first is None:
            return None
        call_id = first
    turn = (steps.c.call_id == call_id, steps.c.turn == step.turn)
    row = connection.execute(select(steps.c.reply).where(*turn)).one_or_none()
    return None if row is None else found(call_id, row.reply)
