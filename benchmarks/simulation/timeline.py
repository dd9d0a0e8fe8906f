"""Simulated time: seconds that only go on, and a house's clock beside it that jumps. What happens
at the same second happens at once."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from deployment.clock import SystemClock

MORNING: Final = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
Action = Callable[[], Awaitable[object]]


class Timeline:
    """What is to happen when; seconds since the beginning."""

    def __init__(self) -> None:
        self.second = 0
        self._queue: list[tuple[int, int, Action]] = []
        self._order = itertools.count()

    @property
    def now(self) -> datetime:
        """The true time, which the carrier has."""
        return MORNING + timedelta(seconds=self.second)

    def ticks(self) -> float:
        """A clock that never jumps."""
        return float(self.second)

    def later(self, seconds: float, action: Action) -> None:
        """Have something happen in so many seconds, at least one."""
        at = self.second + max(1, round(seconds))
        heapq.heappush(self._queue, (at, next(self._order), action))

    @property
    def busy(self) -> bool:
        """Whether anything is to happen still."""
        return bool(self._queue)

    async def run(self, until: int) -> None:
        """Let everything happen that is due by then."""
        while self._queue and self._queue[0][0] <= until:
            self.second = self._queue[0][0]
            together: list[Action] = []
            while self._queue and self._queue[0][0] == self.second:
                together.append(heapq.heappop(self._queue)[2])
            await asyncio.gather(*(action() for action in together))
        self.second = max(self.second, until)


class JumpingClock(SystemClock):
    """The house's: the true time, and how far it is off."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.off = timedelta(0)

    def now(self) -> datetime:
        """Now, as the house believes."""
        return self._timeline.now + self.off

    def jump(self, seconds: int) -> None:
        """Forward or back, from one moment to the next."""
        self.off += timedelta(seconds=seconds)
