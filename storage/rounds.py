"""Rounds: phones that ring together for a caller, and who of them may join: the first, once.
Implements `ivr.ports.rounds.Rounds`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from ivr.flow.progress import CallStatus
from ivr.flow.round import LegState, Round
from ivr.ports.calls import LegAnswer
from ivr.ports.rounds import RungLeg
from storage.acceptance import accept_by_phone
from storage.beneath import Read
from storage.engine import Database
from storage.ringing import ring_end, ring_key
from storage.sealing import Sealing
from storage.tables.calls import call_ends, joins, leg_answers, tokens
from storage.tables.outbox import JobState, outbox
from storage.tables.outgoing import outgoing
from storage.writes import ADD_JOB

_ANSWERED: Final = and_(
    leg_answers.c.call_id == outgoing.c.call_id,
    leg_answers.c.turn == outgoing.c.turn,
    leg_answers.c.leg == outgoing.c.leg,
)
_LEG: Final = select(outgoing, leg_answers.c.accepted).outerjoin(leg_answers, _ANSWERED)
_OF_ROUND: Final = (
    outgoing.c.call_id == bindparam("call"),
    outgoing.c.turn == bindparam("turn"),
)
LEG: Final = Read(_LEG.where(outgoing.c.id == bindparam("leg"), outgoing.c.call_id.is_not(None)))
LEGS: Final = Read(_LEG.where(*_OF_ROUND).order_by(outgoing.c.leg))
STANDS: Final = Read(
    select(
        outgoing.c.leg,
        outgoing.c.rings,
        outgoing.c.ordered,
        outgoing.c.status,
        outgoing.c.told,
        outgoing.c.ended,
        leg_answers.c.accepted,
        joins.c.at.label("decided"),
        joins.c.leg.label("taken"),
        call_ends.c.at.label("call_over"),
    )
    .outerjoin(leg_answers, _ANSWERED)
    .outerjoin(joins, and_(joins.c.call_id == outgoing.c.call_id, joins.c.turn == outgoing.c.turn))
    .outerjoin(call_ends, call_ends.c.call_id == outgoing.c.call_id)
    .where(*_OF_ROUND)
    .order_by(outgoing.c.leg)
)


class StoredRounds:
    """Over the rows of `outgoing`, which `StoredOutgoing` moves on."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def leg(self, leg_id: str) -> RungLeg | None:
        """One phone of a round."""
        for row in await self._database.look(LEG, leg=leg_id):
            return self._leg(row)
        return None

    async def legs(self, call_id: str, turn: int) -> Sequence[RungLeg]:
        """All of a round."""
        rows = await self._database.look(LEGS, call=call_id, turn=turn)
        return [self._leg(row) for row in rows]

    def _leg(self, row: Any) -> RungLeg:
        return RungLeg(
            id=row.id,
            call_id=row.call_id,
            turn=row.turn,
            leg=row.leg,
            line=row.line,
            to=None if row.number is None else self._sealing.open(row.number),
            seconds=row.rings,
            ordered=row.ordered,
            sid=row.sid,
            asked=row.asked,
            accepted=row.accepted,
            over=row.ended is not None,
            dismissed=row.dismissed is not None,
        )

    async def round(self, call_id: str, turn: int) -> Round | None:
        """How a round stands."""
        rows = await self._database.look(STANDS, call=call_id, turn=turn)
        if not rows:
            return None
        first = rows[0]
        return Round(
            since=first.ordered,
            seconds=max(row.rings for row in rows),
            legs=tuple(_state(row) for row in rows),
            closed=first.call_over is not None
            or (first.decided is not None and first.taken is None),
            call_over=first.call_over is not None,
            taken=first.taken,
            taken_at=first.decided,
        )

    async def begin(self, call_id: str, turn: int, now: datetime) -> None:
        """The rows and their work together; both have been put off until then."""
        first = (outgoing.c.call_id == call_id, outgoing.c.turn == turn, outgoing.c.ordered > now)
        legs = update(outgoing).where(*first).values(ordered=now).returning(outgoing.c.id)

        def ring(unit: Connection) -> None:
            keys = [ring_key(leg) for leg in unit.execute(legs).scalars()]
            ready = outbox.c.state == JobState.READY.value
            work = (outbox.c.key.in_(keys), ready, outbox.c.run_at > now)
            unit.execute(update(outbox).where(*work).values(run_at=now))

        await self._database.brief(ring)
        self._database.woken.set()

    async def accept(self, answer: LegAnswer, official: str | None) -> bool:
        """The first counts; all that follows from it is kept with it."""
        call, turn, at = answer.call_id, answer.turn, answer.at
        row = {"call_id": call, "turn": turn, "leg": answer.leg, "at": at}
        mine = (joins.c.call_id == call, joins.c.turn == turn)
        over = select(call_ends.c.at).where(call_ends.c.call_id == call)

        def join(unit: Connection) -> bool:
            if unit.execute(over).first() is not None:
                return False
            first = unit.execute(insert(joins).values(row).on_conflict_do_nothing()).rowcount
            if first:
                self._took(unit, answer, official)
            return bool(unit.execute(select(joins.c.leg).where(*mine)).scalar() == answer.leg)

        joined = await self._database.brief(join)
        self._database.woken.set()
        return joined

    def _took(self, unit: Connection, answer: LegAnswer, official: str | None) -> None:
        said = insert(leg_answers).values(
            call_id=answer.call_id,
            turn=answer.turn,
            leg=answer.leg,
            accepted=True,
            official=answer.official,
            at=answer.at,
        )
        unit.execute(said.on_conflict_do_nothing())
        others = delete(tokens).where(
            tokens.c.call_id == answer.call_id,
            tokens.c.turn == answer.turn,
            tokens.c.official.is_distinct_from(official),
        )
        unit.execute(others)
        if answer.office is not None:
            accept_by_phone(unit, answer.call_id, answer.office, answer.at)
        ADD_JOB.on(unit, ring_end(answer.call_id, answer.turn, answer.at, "taken"))

    async def dismiss(self, leg_id: str, at: datetime) -> None:
        """The first time counts."""
        mine = (outgoing.c.id == leg_id, outgoing.c.dismissed.is_(None))
        row = update(outgoing).where(*mine).values(dismissed=at)
        await self._database.brief(lambda unit: unit.execute(row))

    async def close(self, call_id: str, turn: int, at: datetime) -> bool:
        """Nobody any more, unless somebody may."""
        row = insert(joins).values(call_id=call_id, turn=turn, leg=None, at=at)
        mine = (joins.c.call_id == call_id, joins.c.turn == turn)

        def shut(unit: Connection) -> bool:
            unit.execute(row.on_conflict_do_nothing())
            return unit.execute(select(joins.c.leg).where(*mine)).scalar() is None

        return await self._database.brief(shut)


def _state(row: Any) -> LegState:
    return LegState(
        leg=row.leg,
        answered=row.told is not None or row.status == CallStatus.IN_PROGRESS.value,
        declined=row.accepted is False,
        over=row.ended is not None,
    )
