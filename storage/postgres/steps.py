"""Batches of steps on PostgreSQL: one statement for each, with all rows that their effects want
(ADR 6), or step by step where that cannot be. Implements `storage.steps.StepRows`; the counterpart
of `storage.sqlite.steps`."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.ports.journal import RecordingTaken, Step
from storage.beneath import Written
from storage.effects import Count, Effects
from storage.handing import Handing
from storage.postgres.batch import KIND_OF, Kind, Statements, fits
from storage.postgres.driver import Line
from storage.postgres.errors import ASKED, Unreachable, cut_off, told
from storage.postgres.unreached import AWAY
from storage.steps import Hook, KillPoint, Outcome, found, kept, state_of, taken, writes_of
from storage.tables.calls import calls, steps
from storage.writes import HOLD_RECORDING, Write, held_row


class CoreSteps:
    """By Core alone: whichever driver it is, and whatever a batch holds."""

    def __init__(
        self, engine: AsyncEngine, effects: Effects, handing: Handing, hook: Hook | None
    ) -> None:
        self._engine = engine
        self._effects = effects
        self._handing = handing
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
            connection.execute(calls.insert().inline(), _call_row(step))
        connection.execute(steps.insert().inline(), _step_row(step))
        if step.recording is not None and not HOLD_RECORDING.on(connection, _held(step)):
            raise RecordingTaken("this recording is of another call")
        counted: Counter[Count] = Counter()
        for write in writes_of(self._effects, self._handing, [step], counted):
            write.on(connection)
        for write in _counts(counted):
            write.on(connection)

    def _reach(self, point: KillPoint) -> None:
        if self._hook is not None:
            self._hook(point)


class PostgresSteps(CoreSteps):
    """By the driver, where a batch is as batches are; any other goes by Core."""

    def __init__(
        self,
        line: Line,
        engine: AsyncEngine,
        effects: Effects,
        handing: Handing,
        hook: Hook | None,
    ) -> None:
        super().__init__(engine, effects, handing, hook)
        self._line = line
        self._statements = Statements(engine.dialect)

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
        whole = self._whole(steps)
        if whole is not None:
            try:
                await self._together(*whole)
            except TimeoutError as hangs:  # Core would wait as long again
                self._line.drop()
                raise Unreachable(AWAY) from hangs
            except ASKED as error:
                if cut_off(error):  # after any other, the connection is as good as before
                    self._line.drop()
            else:
                return kept(steps)
        return await super().keep(steps)

    def _whole(self, steps: Sequence[Step]) -> tuple[str, list[Any]] | None:
        """One statement for all of them, and its values; None where a row is no plain one, where
        they do not go together, or where one cannot be put into a row."""
        try:
            batch = _batch(self._effects, self._handing, steps)
            return None if batch is None or not fits(batch) else self._statements.of(batch)
        except Exception:  # noqa: BLE001 - Core's way finds which step it is
            return None

    async def _together(self, statement: str, values: Sequence[Any]) -> None:
        connection = await self._line.connection()
        if self._hook is None:
            async with self._line.pinned(connection):  # elsewhere a transaction by itself
                await connection.execute(statement, *values)
            return
        async with connection.transaction():
            await connection.execute(statement, *values)
            self._reach(KillPoint.BEFORE_COMMIT)
        self._reach(KillPoint.AFTER_COMMIT)


Batch = defaultdict[Kind, list[dict[str, Any]]]


def _batch(effects: Effects, handing: Handing, steps: Sequence[Step]) -> Batch | None:
    """The rows by their kind, in the order of their keys so that replicas never wait for each other
    in a ring; None where one of them is no plain row."""
    batch: Batch = defaultdict(list)
    counted: Counter[Count] = Counter()
    for step in sorted(steps, key=lambda step: (step.call.id, step.turn)):
        batch[Kind.STEPS].append(_step_row(step))
        if step.origin is not None:
            batch[Kind.CALLS].append(_call_row(step))
        held = None if step.recording is None else _held(step)
        if not _take(batch, [*writes_of(effects, handing, [step], counted)], held):
            return None
    return batch if _take(batch, _counts(counted), None) else None


def _take(
    batch: Batch,
    writes: Sequence[Write],
    held: dict[str, Any] | None,
) -> bool:
    """Add the rows of a step's effects, and of the recording that it holds; False where one of
    them is no plain row."""
    for write in writes:
        kind = KIND_OF.get(write.statement) if isinstance(write.statement, Written) else None
        if kind is None:
            return False
        values = write.values or {}
        rows = [values] if isinstance(values, Mapping) else values
        if kind is Kind.ATTACHED and held is not None and rows[0]["sid"] == held["sid"]:
            attached = {name: rows[0][name] for name in ("reference", "language")}
            batch[Kind.HELD_ATTACHED].append(held | attached)
            held = None
        else:
            batch[kind].extend(dict(row) for row in rows)
    if held is not None:
        batch[Kind.HELD].append(held)
    return True


def _held(step: Step) -> dict[str, Any]:
    if step.recording is None:
        raise ValueError("this step holds no recording")
    return held_row(step.call.id, step.turn, step.recording, step.at)


def _call_row(step: Step) -> dict[str, Any]:
    origin, call = step.origin, step.call
    if origin is None:
        raise ValueError("only a call's first step begins it")
    return {
        "id": call.id,
        "account": origin.account,
        "sid": origin.sid,
        "dialled": call.dialled,
        "plan": call.plan,
        "started": call.started,
    }


def _step_row(step: Step) -> dict[str, Any]:
    return {
        "call_id": step.call.id,
        "turn": step.turn,
        "at": step.at,
        "event": step.event,
        "state": state_of(step),
        "reply": step.reply,
        "attempt": step.attempt,
    }


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
