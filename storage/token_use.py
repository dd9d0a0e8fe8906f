"""How many tokens of officials' live calls are in use, for the page of quotas. Counterpart of
`quotas`, which says which are free for one call."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from storage.engine import Database
from storage.quotas import accepted
from storage.tables.calls import call_ends, tokens


class StoredTokenUse:
    """Over the tokens that calls have taken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def taken(self, since: datetime) -> Mapping[tuple[str, str], int]:
        """Those taken since an instant, by official and bucket; without those that nobody took
        in a call that is over."""
        over = exists().where(call_ends.c.call_id == tokens.c.call_id)
        query: Select[Any] = (
            select(tokens.c.official, tokens.c.bucket, func.count().label("many"))
            .where(tokens.c.at >= since, or_(accepted(), ~over))
            .group_by(tokens.c.official, tokens.c.bucket)
        )
        rows = await self._database.read(query)
        return {(row.official, row.bucket): row.many for row in rows}
