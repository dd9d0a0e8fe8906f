"""The calls that we place: ordered with their work in one transaction, tied to the carrier's id,
moved forward, forgotten. Implements `ivr.ports.outgoing.OutgoingCalls`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from ivr.flow.announcing import Announcement
from ivr.flow.progress import CallStatus, Progress, further
from ivr.ports.journal import Origin
from ivr.ports.outgoing import ENDS_WITHIN, Outgoing
from routing.ports import JobKind
from storage.effects import enqueue
from storage.engine import Database
from storage.sealing import Sealing
from storage.tables.outgoing import outgoing

KNOWN: Final = timedelta(days=1)
"""How long number and words are kept of a call that was never rung."""
KEPT: Final = timedelta(days=90)
"""How long it is kept that a line called out, when and how it ended, without whom it rang."""
FORGOTTEN: Final[Mapping[str, None]] = {"number": None, "slots": None}


class StoredOutgoing:
    """One row a call."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def order(self, call_id: str, to: str, said: Announcement, now: datetime) -> None:
        """Have a phone rung; the same id again changes nothing."""
        row = insert(outgoing).values(
            id=call_id,
            sure=False,
            line=said.line,
            number=self._sealing.seal(to),
            language=said.language,
            phrase=said.phrase,
            slots=orjson.dumps(dict(said.slots)).decode(),
            ordered=now,
        )
        work = enqueue(JobKind.CALL, {"call": call_id}, f"call:{call_id}", now, None)

        def keep(unit: Connection) -> None:
            unit.execute(row.on_conflict_do_nothing(index_elements=["id"]))
            unit.execute(work)

        await self._database.brief(keep)
        self._database.woken.set()

    async def find(self, call_id: str) -> Outgoing | None:
        """One call."""
        for row in await self._database.read(select(outgoing).where(outgoing.c.id == call_id)):
            return Outgoing(
                id=row.id,
                line=row.line,
                to=None if row.number is None else self._sealing.open(row.number),
                said=_said(row),
                sid=row.sid,
                asked=row.asked,
                told=row.told is not None,
                over=row.ended is not None,
            )
        return None

    async def asking(self, call_id: str, at: datetime, within: timedelta = ENDS_WITHIN) -> None:
        """In doubt from now on."""
        ends = f"call_end:{call_id}"
        work = enqueue(JobKind.CALL_END, {"call": call_id}, ends, at + within, None)

        def mark(unit: Connection) -> None:
            unit.execute(_row(call_id).values(asked=at))
            unit.execute(work)

        await self._database.brief(mark)

    async def not_asked(self, call_id: str) -> None:
        """In doubt no more."""
        await self._database.brief(lambda unit: unit.execute(_row(call_id).values(asked=None)))

    async def taken(self, call_id: str, origin: Origin, *, sure: bool) -> bool:
        """Tie the call to the carrier's id. A guess gives way to a sure word, also of others."""
        mine, same = outgoing.c.id == call_id, _known_by(origin)
        told = {"account": origin.account, "sid": origin.sid, "sure": sure}
        may = or_(outgoing.c.sid.is_(None), same, outgoing.c.sure.is_(False))
        free = may if sure else outgoing.c.sid.is_(None)

        def tie(unit: Connection) -> bool:
            if sure:
                guessed = update(outgoing).where(same, ~mine, outgoing.c.sure.is_(False))
                unit.execute(guessed.values(account=None, sid=None))
            if unit.execute(select(outgoing.c.id).where(same, ~mine)).first() is not None:
                return False
            return bool(unit.execute(update(outgoing).where(mine, free).values(told)).rowcount)

        return await self._database.brief(tie)

    async def heard(self, call_id: str, at: datetime) -> None:
        """The first time counts."""
        first = _row(call_id).where(outgoing.c.told.is_(None)).values(told=at)
        await self._database.brief(lambda unit: unit.execute(first))

    async def moved(
        self, call_id: str, progress: Progress, at: datetime, seconds: int | None
    ) -> None:
        """Forward only, whichever order the callbacks come in."""

        def move(unit: Connection) -> None:
            query = select(outgoing.c.status, outgoing.c.sequence).where(outgoing.c.id == call_id)
            row = unit.execute(query.with_for_update()).one_or_none()
            known = None if row is None or row.status is None else _progress(row)
            if row is not None and further(known, progress) != known:
                unit.execute(_row(call_id).values(_moved(progress, at, seconds)))

        await self._database.brief(move)

    async def forget(self, now: datetime) -> None:
        """What is due: to whom and what of calls that never were, and all of old ones."""
        never = update(outgoing).where(
            outgoing.c.number.is_not(None), outgoing.c.ordered <= now - KNOWN
        )
        old = delete(outgoing).where(outgoing.c.ordered <= now - KEPT)

        def both(unit: Connection) -> None:
            unit.execute(never.values(FORGOTTEN))
            unit.execute(old)

        await self._database.brief(both)


def _row(call_id: str) -> Any:
    return update(outgoing).where(outgoing.c.id == call_id)


def _known_by(origin: Origin) -> Any:
    return and_(outgoing.c.account == origin.account, outgoing.c.sid == origin.sid)


def _said(row: Any) -> Announcement | None:
    if row.slots is None:
        return None
    slots = tuple(orjson.loads(row.slots).items())
    return Announcement(row.line, row.language, row.phrase, slots)


def _progress(row: Any) -> Progress:
    return Progress(CallStatus(row.status), row.sequence)


def _moved(progress: Progress, at: datetime, seconds: int | None) -> dict[str, Any]:
    """The columns of a step forward; with the end, the person is forgotten."""
    told: dict[str, Any] = {"status": progress.status.value, "sequence": progress.sequence}
    if not progress.status.over:
        return told
    return told | {"ended": at, "seconds": seconds, **FORGOTTEN}
