"""That this replica lives, said to the others every few seconds, so that they take up the work of a
killed one soon and that of a live one never."""

import asyncio
import contextlib
from typing import Final, Protocol

from routing.ports import Clock
from storage.engine import Database
from storage.errors import StorageError
from storage.leases import StoredLeases
from storage.outbox import StoredOutbox

HELD: Final = 20
"""Seconds of the database's clock after which a replica that says nothing may be dead. It is only
where its connection is closed, too: one that is suspended keeps it open."""
SURE: Final = 15.0
"""Seconds after which a replica that was not heard lets go of its work, before others begin it."""
BEAT: Final = 5.0


class Hands(Protocol):
    """The work in hand (`routing.handoff`)."""

    def let_go(self) -> None:
        """Cut it off, now."""

    async def stop(self) -> None:
        """The same, and wait until none is at work."""


class Presence:
    """One for this process. Where it is the only server it has nobody to tell."""

    def __init__(
        self, database: Database, outbox: StoredOutbox, clock: Clock, hands: Hands
    ) -> None:
        self._replica = database.replica
        self._woken = database.woken
        self._leases = StoredLeases(database)
        self._outbox = outbox
        self._clock = clock
        self._hands = hands
        self._fence: asyncio.TimerHandle | None = None

    async def begin(self) -> None:
        """Before any work is claimed: what a killed server had begun is due, where it was the
        only one; else nothing is ours until we have been heard."""
        if self._replica is None:
            await self._outbox.take_back(self._clock.now())
        else:
            self._outbox.sure = False
            await self.beat()

    async def beat(self) -> None:
        """Be heard, then look for the work of those who are not. Call it every BEAT seconds."""
        if self._replica is None:
            return
        until = asyncio.get_running_loop().time() + SURE  # the lease begins a little later
        await self._leases.live(self._replica, HELD)
        if not self._outbox.sure:
            await self._hands.stop()
            await self._outbox.give_back(self._clock.now())
        self._renew(until)
        if await self._outbox.take_up(self._clock.now()):
            self._woken.set()

    def _renew(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        self._drop_fence()
        if loop.time() < until:
            self._fence = loop.call_at(until, self._lost)
            self._outbox.sure = True
        else:
            self._lost()

    def _lost(self) -> None:
        self._outbox.sure = False
        self._hands.let_go()

    def _drop_fence(self) -> None:
        if self._fence is not None:
            self._fence.cancel()
            self._fence = None

    async def end(self) -> None:
        """At an orderly end: what is in hand is cut off, and is the others' at once."""
        self._drop_fence()
        await self._hands.stop()
        if self._replica is not None:
            self._outbox.sure = False
            with contextlib.suppress(StorageError):  # then it is theirs a little later
                await self._outbox.give_back(self._clock.now())
                await self._leases.end(self._replica)
