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
MOST_RULES: Final = 400_000
"""Rules of the plans in memory together, of 1 kB each where no other plan has them, too."""
PIECE: Final = 500
"""Things that are let go of at once: a fraction of a millisecond."""


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
        """Set whenever another plan takes new calls, or a call's earlier one was found; whoever
        waits for it clears it first."""
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
                    self.changed.set()
                    self._forget(spare=number)
            return self._plans.get(number, self.current)

    def known(self) -> tuple[Plan, ...]:
        """All that are in memory."""
        return tuple(self._plans.values())

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

    def _forget(self, spare: int | None = None) -> None:
        """The longest known go first; never the current one, nor the one that is to be spared."""
        kept = {self.current.number, spare}
        for number in [known for known in self._plans if known not in kept]:
            if len(self._plans) <= MOST_PLANS and self.rules_in_memory <= MOST_RULES:
                return
            _let_go([self._plans.pop(number)])

    @property
    def rules_in_memory(self) -> int:
        """Of all plans together."""
        return sum(len(plan.rules.rules.rules) for plan in self._plans.values())


def _let_go(plans: list[Plan]) -> None:
    """Where there is a loop to hold up, a large plan goes piece by piece in a thread: the last
    reference to it would otherwise take a million objects along in one pause."""
    if len(plans[0].rules.rules.rules) <= PIECE:
        return
    try:
        asyncio.get_running_loop().run_in_executor(None, _in_pieces, plans)
    except RuntimeError:  # before there is a loop
        plans.clear()


def _in_pieces(plans: list[Plan]) -> None:
    """What others still hold stays theirs."""
    piles = [*plans.pop().rules.held()]
    while piles:
        pile = piles.pop()
        while pile:
            del pile[-PIECE:]
