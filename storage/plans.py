"""Published plans: immutable, numbered values; a new number only where the inputs changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, insert, select

from routing.ports import Clock
from storage.ends import LIVE
from storage.engine import Database, Topic
from storage.tables.calls import calls, plans

LONGEST: Final = timedelta(hours=4)
"""No call is longer; an end that was never told does not keep its plan for ever."""


@dataclass(frozen=True, slots=True)
class Published:
    """A plan's number, and what it is compiled from."""

    number: int
    body: str


class StoredPlans:
    """What each plan was compiled from, so that a call can keep the plan it began with."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def publish(self, body: str) -> int:
        """The number of the plan with these inputs: the latest one's, or the next."""
        digest = hashlib.sha256(body.encode()).hexdigest()
        latest = select(plans.c.number, plans.c.sha256).order_by(plans.c.number.desc()).limit(1)

        def next_one(unit: Connection) -> int:
            self._database.take_turns(unit, "plans")
            row = unit.execute(latest).one_or_none()
            if row is not None and row.sha256 == digest:
                return int(row.number)
            following = 1 if row is None else row.number + 1
            values = {"sha256": digest, "body": body, "published": self._clock.now()}
            unit.execute(insert(plans).values(number=following, **values))
            return following

        number = await self._database.brief(next_one)
        self._database.signals.tell(Topic.PLAN)
        return number

    async def latest(self) -> Published | None:
        """The newest plan; None before the first."""
        query = select(plans.c.number, plans.c.body).order_by(plans.c.number.desc()).limit(1)
        for row in await self._database.read(query):
            return Published(row.number, row.body)
        return None

    async def body(self, number: int) -> str | None:
        """What the plan of this number is compiled from."""
        rows = await self._database.read(select(plans.c.body).where(plans.c.number == number))
        return rows[0].body if rows else None

    async def of_live_calls(self, now: datetime) -> Mapping[int, str]:
        """The inputs of every plan that a call which may still go on began with."""
        live = select(calls.c.plan).where(LIVE, calls.c.started > now - LONGEST).distinct()
        query = select(plans.c.number, plans.c.body).where(plans.c.number.in_(live))
        async with self._database.reading() as connection:
            return {row.number: row.body for row in await connection.execute(query)}
