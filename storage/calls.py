"""What is kept of calls outside the batch: states read back, ends, legs, recordings' and
transcripts' rows. Implements `ivr.ports.calls.Calls`."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Integer, Row, Select, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from ivr.conversation.ongoing import Ongoing
from ivr.flow.call import Call, from_plain
from ivr.flow.effect import AttachRecording, Effect
from ivr.ports.calls import Ending, LegAnswer
from ivr.ports.journal import HasCase, Origin, RecordingTaken
from ivr.ports.recordings import RecordingRef, Transcript
from storage.acceptance import accept_by_phone
from storage.beneath import Read
from storage.effects import Effects, Source
from storage.ends import LIVE, SETTLE_AFTER, keep_end, settle_later, stop_ringing
from storage.engine import Database
from storage.pieces import keep_words
from storage.steps import taken
from storage.tables.calls import calls, leg_answers, steps
from storage.tables.cases import cases, recordings
from storage.writes import HOLD_RECORDING, held_row

ID: Final = bindparam("call", type_=steps.c.call_id.type)
TURN: Final = bindparam("turn", type_=steps.c.turn.type)
LATEST: Final = Read(
    select(steps.c.state, calls.c.account, calls.c.sid)
    .join(calls, calls.c.id == steps.c.call_id)
    .where(steps.c.call_id == ID)
    .order_by(steps.c.turn.desc())
    .limit(1)
)
STEP: Final = Read(
    select(steps.c.state, steps.c.reply).where(steps.c.call_id == ID, steps.c.turn == TURN)
)

CALL_OF: Final = Read(
    select(calls.c.id).where(
        calls.c.account == bindparam("account"), calls.c.sid == bindparam("sid")
    )
)


def _going_on() -> Select[Any]:
    each = steps.alias()
    latest = select(func.max(each.c.turn)).where(each.c.call_id == calls.c.id).correlate(calls)
    return (
        select(calls.c.account, calls.c.sid, steps.c.at, steps.c.state)
        .where(
            LIVE,
            calls.c.started > bindparam("since", type_=calls.c.started.type),
            steps.c.call_id == calls.c.id,
            steps.c.turn == latest.scalar_subquery(),
        )
        .order_by(calls.c.started.desc())
        .limit(bindparam("most", type_=Integer))
    )


GOING_ON: Final = _going_on()

ORIGIN_OF: Final = Read(select(calls.c.account, calls.c.sid).where(calls.c.id == ID))

LEG_ANSWER: Final = Read(
    select(leg_answers.c.accepted).where(leg_answers.c.call_id == ID, leg_answers.c.turn == TURN)
)

HELD: Final = Read(
    select(recordings.c.sid, recordings.c.url, recordings.c.seconds).where(
        recordings.c.call_id == ID, recordings.c.turn == TURN
    )
)


class StoredCalls:
    """Reads take a consistent view; writes take the writer's lock."""

    def __init__(self, database: Database, effects: Effects) -> None:
        self._database = database
        self._effects = effects

    async def load(self, call_id: str) -> tuple[Call, Origin] | None:
        """The latest state of a call, or None."""
        for row in await self._database.look(LATEST, call=call_id):
            if row.state is not None:
                return from_plain(orjson.loads(row.state)), Origin(row.account, row.sid)
        return None

    async def live(self, since: datetime, most: int) -> Sequence[Ongoing]:
        """Calls without an end that began since then, the newest first."""
        rows = await self._database.read(GOING_ON, since=since, most=most)
        return [
            Ongoing(from_plain(orjson.loads(row.state)), Origin(row.account, row.sid), row.at)
            for row in rows
            if row.state is not None
        ]

    async def of(self, origin: Origin) -> str | None:
        """The call that began with this account and leg."""
        rows = await self._database.look(CALL_OF, account=origin.account, sid=origin.sid)
        found: str | None = _only(rows)
        return found

    async def origin(self, call_id: str) -> Origin | None:
        """Which call this is at the carrier."""
        for row in await self._database.look(ORIGIN_OF, call=call_id):
            return Origin(row.account, row.sid)
        return None

    async def state_at(self, call_id: str, turn: int) -> Call | None:
        """The state that was waiting for `turn`."""
        for row in await self._database.look(STEP, call=call_id, turn=turn - 1):
            return None if row.state is None else from_plain(orjson.loads(row.state))
        return None

    async def reply(self, call_id: str, turn: int) -> bytes | None:
        """The stored reply of a turn."""
        for row in await self._database.look(STEP, call=call_id, turn=turn):
            reply: bytes | None = row.reply
            return reply
        return None

    async def ended(self, call_id: str, ending: Ending, at: datetime) -> bool:
        """Keep the end, once; settle a recording later if its webhooks never come."""

        def keep(unit: Connection) -> bool:
            first = keep_end(unit, call_id, ending.end, at, ending.seconds)
            if first and ending.recording:
                settle_later(unit, call_id, at + SETTLE_AFTER)
            if first and ending.ringing is not None:
                stop_ringing(unit, call_id, ending.ringing, at)
            return first

        first = await self._database.brief(keep)
        if ending.ringing is not None:
            self._database.woken.set()
        return first

    async def answer_leg(self, at: LegAnswer) -> None:
        """Keep the first answer of a leg; who takes a call accepts its cases of their office."""
        row = insert(leg_answers).values(
            call_id=at.call_id,
            turn=at.turn,
            leg=at.leg,
            accepted=at.accepted,
            official=at.official,
            at=at.at,
        )

        def keep(unit: Connection) -> None:
            first = unit.execute(row.on_conflict_do_nothing()).rowcount
            if first and at.accepted and at.office is not None:
                accept_by_phone(unit, at.call_id, at.office, at.at)

        await self._database.brief(keep)

    async def leg_answer(self, call_id: str, turn: int) -> bool | None:
        """What the callee of the Dial that answers `turn` said."""
        found: bool | None = _only(await self._database.look(LEG_ANSWER, call=call_id, turn=turn))
        return found

    async def hold_recording(
        self, call_id: str, turn: int, ref: RecordingRef, at: datetime
    ) -> bool:
        """Keep where a recording can be fetched; whichever webhook tells it first. False where it
        is another call's: a recording never leaves the call that it is of."""
        row = held_row(call_id, turn, ref, at)
        return await self._database.brief(lambda unit: bool(HOLD_RECORDING.on(unit, row)))

    async def join_soundless(
        self, call_id: str, turn: int | None, ref: RecordingRef, at: datetime
    ) -> bool:
        """Give an unknown recording to the latest such case that has none: held, and fetched."""
        query = _soundless(call_id, ref.sid)
        if turn is not None:
            query = query.where(cases.c.turn == turn)

        def join(unit: Connection) -> bool:
            case = unit.execute(query).one_or_none()
            if case is None:
                return False
            HOLD_RECORDING.on(unit, held_row(call_id, case.turn, ref, at))
            joined = AttachRecording(case.reference, case.turn, ref.sid, ref.seconds, case.language)
            for write in self._effects.writes(Source(call_id, case.dialled, at, 0), joined):
                write.on(unit)
            return True

        found = await self._database.brief(join)
        self._database.woken.set()
        return found

    async def recorded_by(self, sid: str) -> str | None:
        """The call that a recording is of."""
        query = select(recordings.c.call_id).where(recordings.c.sid == sid)
        found: str | None = _only(await self._database.read(query))
        return found

    async def dialled_for(self, sid: str) -> str | None:
        """The number that was dialled in the call that a recording is of; None while no webhook
        has told of it."""
        of = recordings.c.call_id == calls.c.id
        query = select(calls.c.dialled).join(recordings, of).where(recordings.c.sid == sid)
        found: str | None = _only(await self._database.read(query))
        return found

    async def case_of(self, sid: str) -> str | None:
        """The case that a recording has joined."""
        query = select(recordings.c.reference).where(recordings.c.sid == sid)
        found: str | None = _only(await self._database.read(query))
        return found

    async def held_recording(self, call_id: str, turn: int) -> RecordingRef | None:
        """What a callback told of the recording of this turn."""
        for row in await self._database.look(HELD, call=call_id, turn=turn):
            return RecordingRef(row.sid, row.url or "", row.seconds)
        return None

    async def hold_transcript(self, recording: str, text: str, source: str, at: datetime) -> None:
        """Keep the words beside the recording, to be read for danger; a repeat changes nothing."""
        await self.keep_transcript(recording, Transcript(text, source), at)

    async def keep_transcript(self, recording: str, words: Transcript, at: datetime) -> None:
        """The same, with how sure each phrase is."""

        def keep(unit: Connection) -> None:
            keep_words(self._database, unit, recording, words, at)

        await self._database.brief(keep)
        self._database.woken.set()

    async def apply(
        self,
        call: Call,
        effects: tuple[Effect, ...],
        at: datetime,
        attempt: int,
        recording: RecordingRef | None = None,
    ) -> None:
        """Write effects that belong to no turn, with the recording that they are about. Raises
        MatterTaken, ReferenceTaken, RecordingTaken, HasCase."""
        source = Source(call.id, call.dialled, at, attempt, call.plan)
        writes = [(effect, list(self._effects.writes(source, effect))) for effect in effects]

        def write_all(connection: Connection) -> None:
            if recording is not None:
                held = held_row(call.id, call.turn, recording, at)
                if not HOLD_RECORDING.on(connection, held):
                    raise RecordingTaken("this recording is of another call")
            for effect, rows in writes:
                if isinstance(effect, AttachRecording):
                    _stays_with_its_case(connection, effect)
                for row in rows:
                    row.on(connection)

        try:
            await self._database.brief(write_all)
        except (IntegrityError, sqlite3.IntegrityError) as error:
            raise taken(error) from error
        self._database.woken.set()


def _stays_with_its_case(unit: Connection, attach: AttachRecording) -> None:
    """Whoever attaches it meanwhile is waited for: two webhooks may each have found no case. Raises
    HasCase."""
    query = select(recordings.c.reference).where(recordings.c.sid == attach.recording)
    if unit.execute(query.with_for_update()).scalar() not in (None, attach.reference):
        raise HasCase("this recording is another case's")


def _soundless(call_id: str, sid: str) -> Select[Any]:
    """The call's latest case without a recording, as long as nobody knows this one."""
    sounding = exists().where(recordings.c.reference == cases.c.reference)
    known = exists().where(recordings.c.sid == sid)
    return (
        select(cases.c.reference, cases.c.turn, cases.c.language, cases.c.dialled)
        .where(cases.c.call_id == call_id, ~sounding, ~known)
        .order_by(cases.c.turn.desc())
        .limit(1)
    )


def _only(rows: Sequence[Row[Any]]) -> Any:
    """The first column of the first row, if there is one."""
    return rows[0][0] if rows else None
