"""What is forgotten in time, on one replica at a time: two at once would do no harm, and twice the
work. Used by `server.loops`."""

import secrets
from dataclasses import dataclass, field
from typing import Final

from routing.ports import Clock
from storage.leases import StoredLeases
from storage.outgoing import StoredOutgoing
from storage.retention import Retention
from storage.sessions import StoredSessions

EVERY: Final = 300.0
"""Seconds between two rounds."""
LEASE: Final = 600
"""Seconds until another replica goes on where one stopped."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Rounds of retention, of the calls that we placed, and of sessions that are over."""

    leases: StoredLeases
    retention: Retention
    outgoing: StoredOutgoing
    sessions: StoredSessions
    clock: Clock
    holder: str = field(default_factory=lambda: secrets.token_hex(16))

    async def run(self) -> None:
        """One round, where it is this replica's turn."""
        if await self.leases.take("forgetting", self.holder, LEASE):
            await self.retention.run(self.clock.now())
            await self.outgoing.forget(self.clock.now())
            await self.sessions.sweep(self.clock.now())
