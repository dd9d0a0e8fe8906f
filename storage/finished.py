"""The ends of jobs, in groups: those that come while others are being written share the next
transaction, as steps do in the journal. Beneath `outbox`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, update

from storage.beneath import Written
from storage.engine import Database
from storage.errors import StorageError
from storage.tables.outbox import outbox

MOST_TOGETHER: Final = 64
"""Ends of one transaction."""
HELD: Final = Written(
    update(outbox).where(outbox.c.id == bindparam("job"), outbox.c.attempts == bindparam("claimed"))
)
"""Sets what it is carried out with, besides `job` and the `claimed` attempt."""


@dataclass(slots=True, eq=False)
class _End:
    """What HELD is carried out with, and why it could not be."""

    values: Mapping[str, Any]
    wrong: Exception | None = None


class Ends:
    """All values have the same names. Whoever's turn it is writes for all who wait."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._waiting: list[_End] = []

    async def write(self, values: Mapping[str, Any]) -> None:
        """Return once it is durable. Raises what kept this end from being written; it fails alone,
        unless the database cannot be reached at all."""
        end = _End(values)
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
        await self._database.brief(lambda unit: HELD.on(unit, rows))
