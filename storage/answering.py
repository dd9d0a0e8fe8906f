"""How many calls a person accepted. Implements `routing.publishing.answering.AnswerRates`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from routing.publishing.answering import Answered
from storage.engine import Database
from storage.tables.calls import calls, leg_answers


class StoredAnswerRates:
    """Over the calls and what answered their legs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_plan(self, number: int) -> Answered:
        """Of the calls that began with a plan."""
        return await self._counted(calls.c.plan == number)

    async def of_hours(self, hours: Sequence[tuple[datetime, datetime]]) -> Answered:
        """Of those that began in one of these spans."""
        spans = [
            and_(calls.c.started >= start.astimezone(UTC), calls.c.started < end.astimezone(UTC))
            for start, end in hours
        ]
        return await self._counted(or_(*spans))

    async def _counted(self, which: ColumnElement[bool]) -> Answered:
        accepted = exists().where(leg_answers.c.call_id == calls.c.id, leg_answers.c.accepted)
        counted: Any = func.count()
        query = select(
            counted.filter(or_(calls.c.ended, accepted)).label("calls"),
            counted.filter(accepted).label("accepted"),
        ).where(which)
        (row,) = await self._database.read(query.select_from(calls))
        return Answered(row.calls, row.accepted)
