"""What both halves of a conversation need: the doors to what is kept, and the published plans."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ivr.conversation.pieces import Pieces
from ivr.flow.world import Plan
from ivr.ports.calls import Answers, Calls
from ivr.ports.journal import Journal
from ivr.ports.rounds import Rounds

MOST_ATTEMPTS: Final = 5
"""Times that a step or a matter is put together anew, having lost to another webhook."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The doors to what is kept."""

    journal: Journal
    calls: Calls
    answers: Answers
    pieces: Pieces
    rounds: Rounds


Find = Callable[[int], Awaitable[Plan | None]]
"""The plan of a number, from what is kept; None where this version cannot use it."""
MOST_PLANS: Final = 16
"""Plans in memory, of a few megabytes each; an older one is found again when a call needs it."""


async def _nowhere(_: int) -> None:
    """Nothing is kept: what memory does not hold is not known."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Which plan could not be compiled, and since when that is so."""

    number: int
    since: datetime


class Plans:
    """The published plans that live calls may still need; the newest one takes new calls. One that
    another replica published, or published long ago, is asked of `find` once."""

    def __init__(
        self, current: Plan, earlier: Mapping[int, Plan] | None = None, find: Find = _nowhere
    ) -> None:
        self._plans = {**(earlier or {}), current.number: current}
        self._find = find
        self._turn = asyncio.Lock()
        self._unknown: set[int] = set()
        self.current = current
        self.changed = asyncio.Event()
        """Set whenever another plan takes new calls; whoever waits for it clears it first."""
        self.refused: Refused | None = None
        """The last plan, or today's hours of one, that could not be compiled, while the last good
        one stands in its place."""

    async def of(self, number: int) -> Plan:
        """The plan a call began with; the current one where it is no longer known. Raises what
        keeps it from being read: a call must not go on by another plan meanwhile."""
        plan = self._plans.get(number)
        return plan if plan is not None else await self._found(number)

    async def _found(self, number: int) -> Plan:
        async with self._turn:
            if number not in self._plans and number not in self._unknown:
                plan = await self._find(number)
                if plan is None:
                    self._unknown.add(number)
                else:
                    self._plans[number] = plan
                    self._forget()
            return self._plans.get(number, self.current)

    def publish(self, plan: Plan) -> None:
        """Take new calls with this plan from now on, in one reference."""
        self._plans[plan.number] = plan
        self.current = plan
        self.changed.set()
        self._forget()

    def refuse(self, number: int, at: datetime) -> None:
        """Take new calls as before: the plan of this number cannot be compiled."""
        if self.refused is None or self.refused.number != number:
            self.refused = Refused(number, at)

    def _forget(self) -> None:
        for number in [known for known in self._plans if known != self.current.number]:
            if len(self._plans) <= MOST_PLANS:
                return
            del self._plans[number]
