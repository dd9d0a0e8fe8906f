"""Published plans: immutable, numbered values; a new number only where the inputs changed."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, insert, select

from routing.drafts.body import hashes_in, with_parts
from routing.drafts.kinds import Document
from routing.ports import Clock
from routing.publishing.release import Overtaken, document_of
from routing.rules.parts import Part
from storage.beneath import Read
from storage.ends import LIVE
from storage.engine import Database, Topic
from storage.plan_parts import fetch, keep
from storage.tables.calls import calls, plans

NAMED: Final = '"rules": {"parts": ['
"""Within a string of the body its quotation marks would be escaped."""
LONGEST: Final = timedelta(hours=4)
"""No call is longer; an end that was never told does not keep its plan for ever."""


PLANS_TURN: Final = "plans"
"""Whose numbers are given one after another, on every replica."""
NUMBER: Final = Read(select(func.max(plans.c.number).label("number")))


@dataclass(frozen=True, slots=True)
class Published:
    """A plan's number, and what it is compiled from: the body as its row holds it, and the parts
    that it names."""

    number: int
    body: str
    parts: Mapping[str, bytes] = field(default_factory=dict)

    def document(self) -> Document:
        """The body as values; long work for a large one. Raises ValueError."""
        return with_parts(document_of(self.body), self.parts)


class StoredPlans:
    """What each plan was compiled from, so that a call can keep the plan it began with."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def publish(self, body: str, over: int | None = None, parts: Sequence[Part] = ()) -> int:
        """The number of the plan with these inputs: the latest one's, or the next. Raises Overtaken
        where the latest one is not `over`."""
        await keep(self._database, parts)

        def next_one(unit: Connection) -> int:
            self._database.take_turns(unit, PLANS_TURN)
            return next_plan(unit, body, self._clock.now(), over=over)

        number = await self._database.brief(next_one)
        self._database.signals.tell(Topic.PLAN)
        return number

    async def newest(self) -> int | None:
        """The newest plan's number, as cheaply as can be; None before the first."""
        rows = await self._database.look(NUMBER)
        number: int | None = rows[0].number
        return number

    async def latest(self) -> Published | None:
        """The newest plan; None before the first."""
        query = select(plans.c.number, plans.c.body).order_by(plans.c.number.desc()).limit(1)
        for row in await self._database.read(query):
            return await self._whole(row.number, row.body)
        return None

    async def in_force(self, at: datetime) -> int | None:
        """The plan that took new calls at that moment; None before the first."""
        then = select(func.max(plans.c.number).label("number")).where(plans.c.published <= at)
        rows = await self._database.read(then)
        number: int | None = rows[0].number
        return number

    async def plan(self, number: int) -> Published | None:
        """What the plan of this number is compiled from."""
        rows = await self._database.read(select(plans.c.body).where(plans.c.number == number))
        return await self._whole(number, rows[0].body) if rows else None

    async def _whole(self, number: int, body: str) -> Published:
        return Published(number, body, await parts_of(self._database, body))

    async def of_live_calls(self, now: datetime) -> Sequence[Published]:
        """Every plan that a call which may still go on began with."""
        live = select(calls.c.plan).where(LIVE, calls.c.started > now - LONGEST).distinct()
        query = select(plans.c.number, plans.c.body).where(plans.c.number.in_(live))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [await self._whole(row.number, row.body) for row in rows]


async def parts_of(database: Database, body: str) -> Mapping[str, bytes]:
    """Those that a body names; none of one that is not cut, which is not read for it."""
    if NAMED not in body:
        return {}
    return await fetch(database, await asyncio.to_thread(lambda: hashes_in(document_of(body))))


def digest_of_text(body: str) -> str:
    """What a body is known by: SHA-256, in hexadecimal."""
    return hashlib.sha256(body.encode()).hexdigest()


def next_plan(
    unit: Connection, body: str, at: datetime, *, over: int | None = None, digest: str = ""
) -> int:
    """The number of the plan with this body, inside brief work that has PLANS_TURN: the latest
    one's where that is the same, or the next. `digest` is the body's where it is known already.
    Raises Overtaken where the latest one is not `over`."""
    digest = digest or digest_of_text(body)
    row = unit.execute(LATEST).one_or_none()
    latest = 0 if row is None else row.number
    if over is not None and latest != over:
        raise Overtaken(f"plan {latest} was published meanwhile: look at it again")
    if over is None and row is not None and row.sha256 == digest:
        return int(row.number)
    values = {"sha256": digest, "body": body, "published": at}
    unit.execute(insert(plans).values(number=latest + 1, **values))
    return int(latest + 1)


LATEST: Final = select(plans.c.number, plans.c.sha256).order_by(plans.c.number.desc()).limit(1)
