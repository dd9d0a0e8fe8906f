"""Whether a plan that was just published lets fewer calls be answered than is usual: then the one
before it comes back by itself within the first hour, and later a person is told (ADR 39). Pure but
for `standing`, which asks a port."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from math import sqrt
from typing import Final, Protocol

from routing.publishing.release import Release, Way

LEAST: Final = 20
"""Calls below which a rate says nothing, on either side."""
FIRST: Final = timedelta(hours=1)
"""As long as that a plan comes back by itself; later too much may have come to rely on it."""
WATCHED: Final = timedelta(days=1)
FALL: Final = 0.8
"""Of the usual rate: what is above that is a slow hour, not a wrong rule."""
WEEKS: Final = 4
"""The same weekday and hour of so many weeks are what is usual."""
SURE: Final = 1.96
"""Standard deviations: one plan in forty would come back for nothing without FALL."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Calls, and how many of them a person accepted."""

    calls: int
    accepted: int

    @property
    def rate(self) -> float:
        """The part that was answered; 0 of none."""
        return self.accepted / self.calls if self.calls else 0.0

    @property
    def at_most(self) -> float:
        """The highest rate that so many calls leave open (Wilson's upper bound)."""
        if not self.calls:
            return 1.0
        n, rate, z = self.calls, self.rate, SURE
        spread = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        return (rate + z * z / (2 * n) + spread) / (1 + z * z / n)


class Verdict(StrEnum):
    """What is to be done about a plan."""

    KEEP = "keep"
    RETURN = "return"
    ALARM = "alarm"


def judge(now: Answered, usual: Answered, age: timedelta) -> Verdict:
    """Of a plan that has been in use for `age`, by its own calls and those that are usual."""
    if now.calls < LEAST or usual.calls < LEAST or now.at_most >= usual.rate * FALL:
        return Verdict.KEEP
    return Verdict.RETURN if age <= FIRST else Verdict.ALARM


def usual_hours(at: datetime, zone: tzinfo) -> tuple[tuple[datetime, datetime], ...]:
    """The same weekday and hour on the clocks of `zone`, in each of the weeks before."""
    here = at.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    starts = (here - timedelta(weeks=week) for week in range(1, WEEKS + 1))
    return tuple((start, start + timedelta(hours=1)) for start in starts)


class AnswerRates(Protocol):
    """Calls as they are counted; those that are neither over nor accepted yet are in neither."""

    async def of_plan(self, number: int) -> Answered:
        """Of the calls that began with a plan."""
        ...

    async def of_hours(self, hours: tuple[tuple[datetime, datetime], ...]) -> Answered:
        """Of those that began in one of these spans."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How a plan's calls are answered, and what is to be done about it."""

    ours: Answered
    usual: Answered
    verdict: Verdict


async def standing(
    release: Release, rates: AnswerRates, now: datetime, zone: tzinfo
) -> Standing | None:
    """Of a plan that was published within WATCHED; None of others. What was done in a hurry may
    leave calls unanswered: that is what it is for."""
    age = now - release.at
    if release.way is not Way.PUBLISHED or age > WATCHED:
        return None
    ours = await rates.of_plan(release.number)
    usual = await rates.of_hours(usual_hours(now, zone))
    return Standing(ours, usual, judge(ours, usual, age))
