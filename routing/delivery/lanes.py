"""How many requests go to one channel at a time, and when the others come again: one that hangs
leaves the outbox's hands to mail and to other channels, one that is quick is served as fast as it
answers, one that wants a pace is kept to it. Used by `channels`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from routing.handoff import NotYet

AT_ONCE: Final = 2
"""Requests to one channel."""
WAITING: Final = 4
"""More that wait for them in hand, as long as the channel is quick."""
QUICK: Final = 1.0
"""Seconds for a request."""
ALL_AT_ONCE: Final = 8
"""In hand for all channels: half of the outbox's hands, so that mails wait for none of these."""
LEAST: Final = 0.05
"""Seconds that a request is taken to last at least."""
LONGEST: Final = 300.0
"""Seconds; a channel that is well again is not left alone for longer."""


@dataclass(slots=True)
class Hands:
    """How many are in use, of those that all lanes share."""

    used: int = 0


class Lane:
    """One channel's. `pace` is the least number of seconds between two requests, 0 for none."""

    def __init__(self, hands: Hands, pace: float = 0.0) -> None:
        self._hands = hands
        self._pace = pace
        self._working = asyncio.Semaphore(1 if pace else AT_ONCE)
        self._held = 0
        self._lasted = LEAST
        self._paced = self._ticket = float("-inf")

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A request's time. Raises NotYet with a time of its own where there is none now."""
        clock = asyncio.get_running_loop().time
        if self._held >= self._room() or clock() < self._paced or self._hands.used >= ALL_AT_ONCE:
            raise NotYet(
                "others are before it on this channel", after=self._later(clock()), in_turn=True
            )
        self._held += 1
        self._hands.used += 1
        self._paced = clock() + self._pace
        try:
            async with self._working:
                begun = clock()
                try:
                    yield
                finally:
                    self._lasted = max(clock() - begun, LEAST)
        finally:
            self._held -= 1
            self._hands.used -= 1

    def _room(self) -> int:
        if self._pace:
            return 1
        return AT_ONCE + (WAITING if self._lasted < QUICK else 0)

    def _later(self, now: float) -> timedelta:
        """When it is likely to find a hand: each later than the one before, so that they do not
        all come at once."""
        self._ticket = max(self._ticket, now) + max(self._pace, self._lasted / AT_ONCE)
        wait = min(self._ticket - now, LONGEST)
        self._ticket = now + wait
        return timedelta(seconds=wait)
