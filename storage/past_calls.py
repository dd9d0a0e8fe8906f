"""Past calls with the matter that each left first. Implements `publishing.past.PastCalls`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Select, and_, select

from ivr.flow.call import from_plain
from ivr.flow.matter import caller_kind
from ivr.ports.calls import first_id
from routing.cases.kinds import About, Kind
from routing.numbers.plan import mobile
from routing.publishing.past import SLICE, Matter, PastCall, Rung
from routing.rules.condition import CallerKind
from storage.engine import Database
from storage.sealing import Sealing
from storage.tables.calls import call_ends, calls, leg_answers, steps
from storage.tables.cases import case_callers, cases

_OTHER: Final = cases.alias()
FIRST: Final = and_(
    cases.c.call_id == calls.c.id,
    ~select(_OTHER.c.turn)
    .where(_OTHER.c.call_id == calls.c.id, _OTHER.c.turn < cases.c.turn)
    .exists(),
)
"""A call's first matter: later ones are another's, or are added to it."""


class StoredPastCalls:
    """`sealing` opens a caller's number, to tell a mobile from a landline. Ids begin with the time,
    so that they are the index by it."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def latest(
        self, most: int, before: datetime | None = None, dialled: str = ""
    ) -> Sequence[PastCall]:
        """The latest first."""
        query = _calls(outer=True).order_by(calls.c.id.desc()).limit(most)
        if before is not None:
            query = query.where(calls.c.id < first_id(before))
        if dialled:
            query = query.where(calls.c.dialled == dialled)
        return await self._read(query)

    async def call(self, call: str) -> PastCall | None:
        """One."""
        found = await self._read(_calls(outer=True).where(calls.c.id == call))
        if not found or found[0].matter is not None:
            return found[0] if found else None
        return replace(found[0], matter=await self._asked(call))

    async def _asked(self, call: str) -> Matter | None:
        """What the rules were asked in a call that left no case, from its last step."""
        state = steps.c.state
        query = select(steps.c.at, state).where(steps.c.call_id == call, state.is_not(None))
        for row in await self._database.read(query.order_by(steps.c.turn.desc()).limit(1)):
            try:
                known = from_plain(orjson.loads(row.state))
            except ValueError:  # another version's
                return None
            decision, said = known.decision, known.facts
            if decision is None:
                return None
            return Matter(
                kind=said.kind,
                about=said.about,
                topic=said.topic,
                district=None,
                caller_kind=caller_kind(known),
                at=row.at,
                rule=decision.rule,
                office=decision.office,
                group=said.group,
            )
        return None

    async def rung(self, call: str) -> Sequence[Rung]:
        """Who answered in a call, in order."""
        query = select(leg_answers.c.at, leg_answers.c.accepted, leg_answers.c.official)
        query = query.where(leg_answers.c.call_id == call)
        rows = await self._database.read(query.order_by(leg_answers.c.turn, leg_answers.c.leg))
        return [Rung(row.at, row.accepted, row.official) for row in rows]

    async def since(self, at: datetime, most: int) -> AsyncIterator[Sequence[PastCall]]:
        """Those with a matter, the latest first, some at a time. Numbers are opened beside the
        loop."""
        query, left = _calls(outer=False).where(calls.c.id >= first_id(at)), most
        query = query.order_by(calls.c.id.desc())
        last: str | None = None
        while left > 0:
            asked = query.limit(min(left, SLICE))
            rows = await self._database.read(
                asked if last is None else asked.where(calls.c.id < last)
            )
            if not rows:
                return
            last, left = rows[-1].id, left - len(rows)
            yield await asyncio.to_thread(lambda rows: [self._call(row) for row in rows], rows)

    async def _read(self, query: Select[Any]) -> Sequence[PastCall]:
        return [self._call(row) for row in await self._database.read(query)]

    def _call(self, row: Any) -> PastCall:
        return PastCall(
            id=row.id,
            at=row.started,
            dialled=row.dialled,
            language=row.language or "zh-CN",
            plan=row.plan,
            end=row.end,
            seconds=row.seconds,
            matter=None if row.rule is None else self._matter(row),
        )

    def _matter(self, row: Any) -> Matter:
        return Matter(
            kind=Kind(row.kind) if row.kind_said else None,
            about=None if row.about is None else About(row.about),
            topic=row.topic,
            district=row.district or None,
            caller_kind=self._caller_kind(row.number),
            at=row.opened,
            rule=row.rule,
            office=row.office,
            group=row.topic_group,
        )

    def _caller_kind(self, number: bytes | None) -> CallerKind:
        """An anonymous caller's number is not kept: they count as withheld."""
        if number is None:
            return CallerKind.WITHHELD
        is_mobile = mobile(self._sealing.open(number))
        return CallerKind.MOBILE if is_mobile else CallerKind.LANDLINE


def _calls(*, outer: bool) -> Select[Any]:
    matter = (
        "kind", "kind_said", "about", "topic", "topic_group", "district", "office", "rule",
        "language", "opened",
    )  # fmt: skip
    columns: list[Any] = [
        *(calls.c[name] for name in ("id", "started", "dialled", "plan")),
        *(call_ends.c[name] for name in ("end", "seconds")),
        *(cases.c[name] for name in matter),
        case_callers.c.number,
    ]
    return (
        select(*columns)
        .select_from(calls)
        .join(cases, FIRST, isouter=outer)
        .join(call_ends, call_ends.c.call_id == calls.c.id, isouter=True)
        .join(case_callers, case_callers.c.reference == cases.c.reference, isouter=True)
    )
