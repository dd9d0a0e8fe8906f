"""The database as the stores see it: units of work, reads, brief work, and what wakes the outbox.
The stores speak Core; `sqlite` and `postgres` carry it out."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.beneath import Read
from storage.effects import Effects
from storage.errors import StorageError
from storage.steps import Hook, StepRows

T = TypeVar("T")


class Wake:
    """Wakes the outbox's drain: set by a commit that enqueued something."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Something is waiting."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Return when something is waiting, or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class Database(ABC):
    """One database of either kind. No error shows what a statement carried: words and PINs would
    stand in the log."""

    woken: Wake
    writer: asyncio.Lock
    """Whose turn it is to write, where writers take turns in this process."""

    @abstractmethod
    def unit_of_work(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """One transaction that writes: whole or not at all; at most 20 ms at a time."""

    @abstractmethod
    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """One consistent view."""

    @abstractmethod
    async def read(self, query: Select[Any], **values: object) -> Sequence[Row[Any]]:
        """One short query: what a webhook waits for. `values` fill what it binds, so that it is
        put together once, not each time it is asked."""

    @abstractmethod
    async def look(self, query: Read, **values: object) -> Sequence[Any]:
        """A few rows by their key, as cheaply as can be. Nothing else may be asked so."""

    @abstractmethod
    async def brief(self, work: Callable[[Connection], T]) -> T:
        """Short work that writes, whole or not at all. It may be carried out twice, if what it
        was put together with failed: it must change nothing but the database."""

    @abstractmethod
    def steps(self, effects: Effects, hook: Hook | None) -> StepRows:
        """What the journal writes its batches with."""

    @abstractmethod
    def take_turns(self, unit: Connection, *names: str) -> None:
        """Inside brief work: until it ends, nobody else is past this line with one of the same
        names, on any replica. What is first counted and then written needs it."""

    @abstractmethod
    async def tidy(self) -> None:
        """What was deleted leaves the files, as far as the database can."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of it."""

    async def trouble(self) -> str:
        """What keeps the database from taking a write, or nothing. It takes the writer's turn,
        which steps wait for: strangers must not ask it as often as they like."""
        try:
            async with self.unit_of_work():
                return ""
        except StorageError as wrong:
            return str(wrong)
