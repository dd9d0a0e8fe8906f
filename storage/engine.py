"""The database as the stores see it: units of work, reads, brief work, and what wakes the outbox.
The stores speak Core; `sqlite` and `postgres` carry it out."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.beneath import Read
from storage.effects import Effects
from storage.errors import StorageError
from storage.handing import Handing
from storage.steps import Hook, StepRows

T = TypeVar("T")


class Topic(StrEnum):
    """What replicas tell each other of."""

    OUTBOX = "outbox"
    """work was enqueued"""
    PLAN = "plan"
    """a plan was published"""
    BLOCKS = "blocks"
    """a caller was blocked, or is no longer"""


class Signals:
    """Words between replicas; where there is one process alone, nobody is told."""

    def __init__(self) -> None:
        self._hears: dict[Topic, list[Callable[[], None]]] = {topic: [] for topic in Topic}

    def hear(self, topic: Topic, call: Callable[[], None]) -> None:
        """Call this when another replica tells of it: at once, or (after a lost connection)
        perhaps for nothing."""
        self._hears[topic].append(call)

    def heard(self, topic: Topic) -> None:
        """Another replica told of it."""
        for call in self._hears[topic]:
            call()

    def tell(self, topic: Topic) -> None:
        """Tell the other replicas, soon; after the commit of what it is about."""

    async def listen(self) -> None:
        """As long as the server lives. Raises StorageError when it is cut off from the others."""
        await asyncio.Event().wait()


class Ear:
    """One who waits to be woken; what was told while nobody waited is not missed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def hear(self) -> None:
        """Something is waiting."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Return when something is waiting, or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class Wake:
    """Wakes the outbox's drains: set by a commit that enqueued something."""

    def __init__(self, signals: Signals) -> None:
        self._own = Ear()
        self._ears = [self._own]
        self._signals = signals
        signals.hear(Topic.OUTBOX, self._wake)

    def _wake(self) -> None:
        for ear in self._ears:
            ear.hear()

    def set(self) -> None:
        """Something is waiting, for any replica."""
        self._wake()
        self._signals.tell(Topic.OUTBOX)

    def ear(self) -> Ear:
        """Of one more drain, as long as the database is open."""
        self._ears.append(Ear())
        return self._ears[-1]

    async def wait(self, seconds: float) -> None:
        """As `Ear.wait`, for one who waits alone."""
        await self._own.wait(seconds)


class Database(ABC):
    """One database of either kind. No error shows what a statement carried: words and PINs would
    stand in the log."""

    signals: Signals
    woken: Wake
    handing: Handing
    """What the journal's commits hand over at once."""
    replica: int | None = None
    """Which of several servers on this database we are; None where there is one alone."""
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

    def is_gone(self, unit: Connection, replica: int) -> bool:
        """Inside brief work: whether that replica's connection is closed, as far as anyone can
        tell."""
        return True

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
