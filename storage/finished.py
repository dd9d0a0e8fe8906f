"""The ends of jobs and what follows from them, in groups: those that come while others are being
written share the next transaction, as steps do in the journal. Beneath `outbox`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, update

from routing.ports import NewJob
from storage.beneath import Written
from storage.engine import Database
from storage.errors import StorageError
from storage.following import add, shares
from storage.tables.outbox import outbox

MOST_TOGETHER: Final = 64
"""Ends of one transaction."""
HELD: Final = Written(
    update(outbox).where(outbox.c.id == bindparam("job"), outbox.c.attempts == bindparam("claimed"))
)
"""Sets what it is carried out with, besides `job` and the `claimed` attempt."""


@dataclass(slots=True, eq=False)
class _End:
    """What HELD is carried out with, what follows, what of that was turned away, and why it could
    not be written."""

    values: Mapping[str, Any]
    follows: Sequence[NewJob]
    turned_away: Sequence[str] = ()
    wrong: Exception | None = None


class Ends:
    """Whoever's turn it is writes for all who wait."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._waiting: list[_End] = []

    async def write_alone(
        self, values: Mapping[str, Any], follows: Sequence[NewJob]
    ) -> Sequence[str]:
        """As `write`, for values of other names than the others'."""
        end = _End(values, follows)
        await self._written([end])
        return end.turned_away

    async def write(self, values: Mapping[str, Any], follows: Sequence[NewJob]) -> Sequence[str]:
        """Return once it is durable: the keys of what was turned away. All values have the same
        names. Raises what kept this end from being written; it fails alone, unless the database
        cannot be reached at all."""
        end = _End(values, follows)
        self._waiting.append(end)
        try:
            async with self._turn:
                while end in self._waiting:
                    await self._lead()
        finally:  # cut off while it waited: it is nobody's any more
            if end in self._waiting:
                self._waiting.remove(end)
        if end.wrong is not None:
            raise end.wrong
        return end.turned_away

    async def _lead(self) -> None:
        """The first of all that wait; where we are cut off, the next one leads the rest."""
        ends, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        try:
            await self._keep(ends)
        except asyncio.CancelledError:
            self._waiting = ends + self._waiting
            raise

    async def _keep(self, ends: Sequence[_End]) -> None:
        """All in one transaction; if that fails, each in its own."""
        try:
            await self._written(ends)
        except Exception as wrong:  # noqa: BLE001 - whoever waits is told
            if len(ends) == 1 or isinstance(wrong, StorageError):
                for end in ends:
                    end.wrong = wrong
                return
            for end in ends:
                await self._keep([end])

    async def _written(self, ends: Sequence[_End]) -> None:
        rows = [end.values for end in ends]
        turns = shares([job for end in ends for job in end.follows])

        def keep(unit: Connection) -> list[list[str]]:
            if turns:
                self._database.take_turns(unit, *turns)
            HELD.on(unit, rows)
            return [add(unit, end.follows) for end in ends]

        turned_away = await self._database.brief(keep)
        for end, keys in zip(ends, turned_away, strict=True):
            end.turned_away = keys
        if any(end.follows for end in ends):
            self._database.woken.set()
