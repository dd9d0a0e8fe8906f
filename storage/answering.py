"""How many calls a person accepted. Implements `routing.publishing.answering.AnswerRates`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from ivr.ports.calls import first_id
from routing.publishing.answering import Answered, Span
from storage.engine import Database
from storage.tables.calls import calls, leg_answers


class StoredAnswerRates:
    """Over the calls and what answered their legs. Ids of calls begin with the time, so that they
    are the index by it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, at: datetime, plan: int) -> Answered:
        """Of the calls that began with this plan or a later one."""
        return await self._counted(and_(calls.c.id >= first_id(at), calls.c.plan >= plan))

    async def of_spans(self, spans: Sequence[Span]) -> Answered:
        """Of those that began in one of them."""
        within = [
            and_(calls.c.id >= first_id(start), calls.c.id < first_id(end)) for start, end in spans
        ]
        return await self._counted(or_(*within)) if within else Answered(0, 0)

    async def _counted(self, which: ColumnElement[bool]) -> Answered:
        accepted = exists().where(leg_answers.c.call_id == calls.c.id, leg_answers.c.accepted)
        counted: Any = func.count()
        query = select(
            counted.filter(or_(calls.c.ended, accepted)).label("calls"),
            counted.filter(accepted).label("accepted"),
        ).where(which)
        (row,) = await self._database.read(query.select_from(calls))
        return Answered(row.calls, row.accepted)
