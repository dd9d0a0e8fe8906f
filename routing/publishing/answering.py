"""Whether a plan that was just published lets fewer calls be answered than is usual: then the one
before it comes back by itself within the first hour, and later a person is told (ADR 39, 51). Pure
but for `standing`, which asks a port."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import sqrt
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from routing.publishing.release import Release, Way

LEAST: Final = 20
"""Calls below which a rate says nothing, on either side."""
FIRST: Final = timedelta(hours=1)
"""As long as that a plan comes back by itself; later too much may have come to rely on it, and a
plan is judged by its calls of the last hour."""
WATCHED: Final = timedelta(days=1)
FALL: Final = 0.8
"""Of the usual rate: what is above that is a slow hour, not a wrong rule."""
WEEKS: Final = 4
"""The same weekday and time of day of so many weeks are what is usual."""
LATEST: Final = 20
"""Plans among which the one that the draft made is looked for: what is done in a hurry may stand
over it."""
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


@dataclass(frozen=True, slots=True)
class CityTime:
    """What makes hours of two weeks alike: the city's clocks, and which days it works on."""

    zone: ZoneInfo
    working_day: Callable[[date], bool]


Span = tuple[datetime, datetime]


def usual_spans(since: datetime, until: datetime, city: CityTime) -> tuple[Span, ...]:
    """The same time of the same weekday, by the clocks, in each of the weeks before: to the minute,
    since an hour may hold the end of a lunch break. A week is left out in which that day was
    worked on and this is not, or the other way round (调休)."""
    return tuple(_weeks_before(since.astimezone(city.zone), until.astimezone(city.zone), city))


def _weeks_before(since: datetime, until: datetime, city: CityTime) -> Iterator[Span]:
    works = city.working_day(since.date())
    for week in range(1, WEEKS + 1):
        start, end = since - timedelta(weeks=week), until - timedelta(weeks=week)
        if city.working_day(start.date()) is works:
            yield start, end


class AnswerRates(Protocol):
    """Calls as they are counted; those that are neither over nor accepted yet are in neither."""

    async def since(self, at: datetime, plan: int) -> Answered:
        """Of the calls that have begun since `at` with this plan or a later one."""
        ...

    async def of_spans(self, spans: Sequence[Span]) -> Answered:
        """Of those that began in one of these spans."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How the calls of the plan `number` have been answered `since`, and what is to be done about
    it."""

    number: int
    since: datetime
    ours: Answered
    usual: Answered
    verdict: Verdict


async def standing(
    latest: Sequence[Release], rates: AnswerRates, now: datetime, city: CityTime
) -> Standing | None:
    """Of the plan that the draft made, where that was published within WATCHED; `latest` are the
    newest LATEST plans. What was done in a hurry may leave calls unanswered, that is what it is
    for: where it stands over that plan a person is told, and nothing comes back by itself."""
    release = next((one for one in latest if one.way is not Way.QUICK), None)
    if release is None or release.way is not Way.PUBLISHED or now - release.at > WATCHED:
        return None
    since = max(release.at, now - FIRST)
    ours = await rates.since(since, release.number)
    usual = await rates.of_spans(usual_spans(since, now, city))
    verdict = judge(ours, usual, now - release.at)
    if verdict is Verdict.RETURN and release.number != latest[0].number:
        verdict = Verdict.ALARM
    return Standing(release.number, since, ours, usual, verdict)
