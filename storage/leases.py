"""Duties that one replica at a time does, each a row that is taken for a while by the database's
own clock. Implements `routing.ledger.Leases`."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    cast,
    delete,
    extract,
    func,
    or_,
)
from sqlalchemy.dialects.postgresql import insert

from storage.engine import Database
from storage.tables.ledger import leases

LONG: Final = 3600
"""Seconds after which nothing is held by a replica that died."""
NOW: Final[Any] = cast(extract("epoch", func.current_timestamp()), BigInteger)
"""Seconds, by a clock that all replicas share."""


REPLICA: Final = "replica "


def lease_of(replica: ColumnElement[int]) -> ColumnElement[str]:
    """The name of the lease by which a replica says that it lives."""
    return REPLICA + cast(replica, String)


class StoredLeases:
    """A holder who dies is followed by another once its time has passed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, holder: str, seconds: int) -> bool:
        """Take the duty, or keep it. False where another has it."""
        row = insert(leases).values(name=name, holder=holder, until=NOW + seconds)
        taken = row.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": row.excluded.holder, "until": row.excluded.until},
            where=or_(leases.c.holder == row.excluded.holder, leases.c.until <= NOW),
        )

        def claim(unit: Connection) -> bool:
            return bool(unit.execute(taken).rowcount)

        return await self._database.brief(claim)

    async def live(self, replica: int, seconds: int) -> None:
        """Say that this replica lives, for so long; what ended long ago is dropped."""
        await self.take(f"{REPLICA}{replica}", str(replica), seconds)
        old = delete(leases).where(leases.c.name.like(f"{REPLICA}%"), leases.c.until < NOW - LONG)
        await self._database.brief(lambda unit: unit.execute(old))

    async def end(self, replica: int) -> None:
        """It lives no more."""
        mine = delete(leases).where(leases.c.name == f"{REPLICA}{replica}")
        await self._database.brief(lambda unit: unit.execute(mine))
