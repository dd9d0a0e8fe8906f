"""The calls that were put to the holder of a published number. Implements
`routing.ports.PutThrough`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from routing.ports import PutCall
from storage.engine import Database
from storage.tables.calls import calls, leg_answers

MOST: Final = 50
"""More than anybody answers in a day."""


class StoredPutThrough:
    """Over what callees answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, line: str, at: datetime) -> Sequence[PutCall]:
        """The latest first."""
        query = (
            select(leg_answers.c.at, leg_answers.c.accepted, calls.c.dialled)
            .join(calls, calls.c.id == leg_answers.c.call_id)
            .where(leg_answers.c.official == line, leg_answers.c.at >= at)
            .order_by(leg_answers.c.at.desc())
            .limit(MOST)
        )
        rows = await self._database.read(query)
        return [PutCall(row.at, row.dialled, row.accepted) for row in rows]
