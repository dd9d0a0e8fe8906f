"""Published plans: immutable, numbered values; a new number only where the inputs changed."""

import hashlib
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, insert, select

from storage.engine import Database
from storage.tables.calls import plans


class Clock(Protocol):
    """Now, as aware UTC."""

    def now(self) -> datetime: ...


class StoredPlans:
    """What each plan was compiled from, so that a call can keep the plan it began with."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def publish(self, body: str) -> int:
        """The number of the plan with these inputs: the latest one's, or the next."""
        digest = hashlib.sha256(body.encode()).hexdigest()
        latest = select(plans.c.number, plans.c.sha256).order_by(plans.c.number.desc()).limit(1)
        async with self._database.unit_of_work() as connection:
            row = (await connection.execute(latest)).one_or_none()
            if row is not None and row.sha256 == digest:
                number: int = row.number
                return number
            following = 1 if row is None else row.number + 1
            await connection.execute(
                insert(plans).values(
                    number=following, sha256=digest, body=body, published=self._clock.now()
                )
            )
        return following

    async def body(self, number: int) -> str | None:
        """The inputs of an earlier plan."""
        query = select(plans.c.body).where(plans.c.number == number)
        async with self._database.reading() as connection:
            found: str | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def count(self) -> int:
        """How many plans were published."""
        async with self._database.reading() as connection:
            return (await connection.execute(select(func.count()).select_from(plans))).scalar_one()
