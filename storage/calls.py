"""What is kept of calls outside the batch: states read back, ends, legs, recordings' and
transcripts' rows. Implements `ivr.ports.Calls`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Executable, Row, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError

from ivr.flow.call import Call, from_plain
from ivr.flow.effect import Effect
from ivr.ports import Ending, LegAnswer, Origin, RecordingRef
from storage.effects import Effects, Source, enqueue
from storage.engine import Database
from storage.journal import taken
from storage.tables.calls import call_ends, calls, leg_answers, steps
from storage.tables.cases import recordings, transcripts

SETTLE_AFTER: Final = timedelta(seconds=60)
"""How long a call's late webhooks may take before its recording is settled without them."""


class StoredCalls:
    """Reads take a consistent view; writes take the writer's lock."""

    def __init__(self, database: Database, effects: Effects) -> None:
        self._database = database
        self._effects = effects

    async def load(self, call_id: str) -> tuple[Call, Origin] | None:
        """The latest state of a call, or None."""
        query = (
            select(steps.c.state, calls.c.account, calls.c.sid)
            .join(calls, calls.c.id == steps.c.call_id)
            .where(steps.c.call_id == call_id)
            .order_by(steps.c.turn.desc())
            .limit(1)
        )
        for row in await self._database.read(query):
            if row.state is not None:
                return from_plain(orjson.loads(row.state)), Origin(row.account, row.sid)
        return None

    async def of(self, origin: Origin) -> str | None:
        """The call that began with this account and leg."""
        query = select(calls.c.id).where(
            calls.c.account == origin.account, calls.c.sid == origin.sid
        )
        found: str | None = _only(await self._database.read(query))
        return found

    async def state_at(self, call_id: str, turn: int) -> Call | None:
        """The state that was waiting for `turn`."""
        query = select(steps.c.state).where(steps.c.call_id == call_id, steps.c.turn == turn - 1)
        state = _only(await self._database.read(query))
        return None if state is None else from_plain(orjson.loads(state))

    async def reply(self, call_id: str, turn: int) -> bytes | None:
        """The stored reply of a turn."""
        query = select(steps.c.reply).where(steps.c.call_id == call_id, steps.c.turn == turn)
        found: bytes | None = _only(await self._database.read(query))
        return found

    async def ended(self, call_id: str, ending: Ending, at: datetime) -> bool:
        """Keep the end, once; settle a recording later if its webhooks never come."""
        row = insert(call_ends).values(
            call_id=call_id,
            end=ending.end.value,
            at=at,
            seconds=ending.seconds,
            forgotten=False,
        )
        settle = enqueue("settle", {"call": call_id}, f"settle:{call_id}", at + SETTLE_AFTER, None)

        def keep(connection: Connection) -> bool:
            first = bool(connection.execute(row.on_conflict_do_nothing()).rowcount)
            if first and ending.recording:
                connection.execute(settle)
            return first

        return await self._database.brief(keep)

    async def answer_leg(self, at: LegAnswer) -> None:
        """Keep the first answer of a leg."""
        row = insert(leg_answers).values(
            call_id=at.call_id,
            turn=at.turn,
            leg=at.leg,
            accepted=at.accepted,
            official=at.official,
            at=at.at,
        )
        await self._write(row.on_conflict_do_nothing())

    async def leg_answer(self, call_id: str, turn: int) -> bool | None:
        """What the callee of the Dial that answers `turn` said."""
        query = select(leg_answers.c.accepted).where(
            leg_answers.c.call_id == call_id, leg_answers.c.turn == turn
        )
        found: bool | None = _only(await self._database.read(query))
        return found

    async def hold_recording(
        self, call_id: str, turn: int, ref: RecordingRef, at: datetime
    ) -> bool:
        """Keep where a recording can be fetched; whichever webhook tells it first. False where it
        is another call's: a recording never leaves the call that it is of."""
        row = insert(recordings).values(
            sid=ref.sid,
            call_id=call_id,
            turn=turn,
            url=ref.url,
            seconds=ref.seconds,
            audio="announced",
            at=at,
        )
        kept = row.on_conflict_do_update(
            index_elements=["sid"],
            set_={"url": ref.url, "seconds": ref.seconds},
            where=recordings.c.call_id == call_id,
        )
        return await self._database.brief(lambda unit: bool(unit.execute(kept).rowcount))

    async def recorded_by(self, sid: str) -> str | None:
        """The call that a recording is of."""
        query = select(recordings.c.call_id).where(recordings.c.sid == sid)
        found: str | None = _only(await self._database.read(query))
        return found

    async def held_recording(self, call_id: str, turn: int) -> RecordingRef | None:
        """What a callback told of the recording of this turn."""
        query = select(recordings.c.sid, recordings.c.url, recordings.c.seconds).where(
            recordings.c.call_id == call_id, recordings.c.turn == turn
        )
        for row in await self._database.read(query):
            return RecordingRef(row.sid, row.url or "", row.seconds)
        return None

    async def hold_transcript(self, recording: str, text: str, source: str, at: datetime) -> None:
        """Keep the words beside the recording; a repeat changes nothing."""
        row = insert(transcripts).values(recording=recording, source=source, text=text, at=at)
        await self._write(row.on_conflict_do_nothing())

    async def apply(
        self, call: Call, effects: tuple[Effect, ...], at: datetime, attempt: int
    ) -> None:
        """Write effects that belong to no turn. Raises MatterTaken, ReferenceTaken."""
        source = Source(call.id, call.dialled, at, attempt)
        try:
            await self._write(
                *(s for effect in effects for s in self._effects.statements(source, effect))
            )
        except IntegrityError as error:
            raise taken(error) from error
        self._database.woken.set()

    async def _write(self, *statements: Executable) -> None:
        def write(connection: Connection) -> None:
            for statement in statements:
                connection.execute(statement)

        await self._database.brief(write)


def _only(rows: Sequence[Row[Any]]) -> Any:
    """The first column of the first row, if there is one."""
    return rows[0][0] if rows else None
