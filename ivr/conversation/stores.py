"""What both halves of a conversation need: the doors to what is kept, and the published plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ivr.flow.world import Plan
from ivr.ports import Answers, Calls, Journal

MOST_ATTEMPTS: Final = 5
"""Times that a step or a matter is put together anew, having lost to another webhook."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The doors to what is kept."""

    journal: Journal
    calls: Calls
    answers: Answers


class Plans:
    """The published plans that live calls may still need; the newest one takes new calls."""

    def __init__(self, current: Plan, earlier: Mapping[int, Plan] | None = None) -> None:
        self._plans = {**(earlier or {}), current.number: current}
        self.current = current

    def of(self, number: int) -> Plan:
        """The plan a call began with; the current one where it is no longer known."""
        return self._plans.get(number, self.current)

    def publish(self, plan: Plan) -> None:
        """Take new calls with this plan from now on, in one reference."""
        self._plans[plan.number] = plan
        self.current = plan
