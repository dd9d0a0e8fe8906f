"""Working time: holidays and make-up days, open intervals and due dates; `week` has the hours.
Pure: dates and zones in, aware UTC out. An error here is never "closed" (design §4)."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from routing.week import Hours, HoursError, Period

SATURDAY: Final = 5
CIVIL_END: Final = time(17, 30)
"""The end of a working day for an office that has none of its own (never closed, always closed)."""
DAY: Final = timedelta(days=1)
DAYS: Final = 60
"""For so many the open intervals are compiled, at publication and each night."""
YEARS: Final = range(2000, 9000)
"""Of moments that people write: at the ends of the calendar there is no day before or after."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days off and make-up working days 调休, for the `years` whose notice is in the table."""

    off: frozenset[date] = frozenset()
    make_up: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()
    own: Mapping[date, tuple[Period, ...]] = field(default_factory=dict)
    """Days whose periods were set by hand: they win over all else. An empty one is a day off."""

    def working_day(self, day: date) -> bool:
        """Whether the civil calendar works on this day."""
        if day in self.own:
            return bool(self.own[day])
        if day in self.make_up:
            return True
        return day not in self.off and day.weekday() < SATURDAY

    def missing_years(self, first: date, last: date) -> tuple[int, ...]:
        """Years between two days whose holiday notice is not in the table: a finding."""
        return tuple(y for y in range(first.year, last.year + 1) if y not in self.years)


Span = tuple[datetime, datetime]
"""From an instant up to another, in UTC."""


@dataclass(frozen=True, slots=True)
class Week:
    """What an office's open intervals are made from, kept for the days beyond them."""

    hours: Hours
    holidays: Holidays
    zone: tzinfo
    shut: tuple[Span, ...] = ()
    """When closure orders close it, sorted and disjoint."""

    def intervals(self, first: date, days: int) -> "OpenIntervals":
        """Those of so many local days from `first`."""
        return open_intervals(self.hours, self.holidays, self.zone, first, days, shut=self.shut)


@dataclass(frozen=True, slots=True)
class OpenIntervals:
    """When an office is open, as sorted, disjoint (start, end) in UTC, from `since` until `until`.
    Beyond either the `week` is asked, day by day: where nobody compiled a new plan for months, an
    office is still not taken to be closed (design §4), nor is it where a past call or an example
    of last week is looked at."""

    intervals: tuple[Span, ...]
    until: datetime
    week: Week | None = None
    since: datetime | None = None
    _starts: tuple[datetime, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", tuple(start for start, _ in self.intervals))

    def is_open(self, at: datetime) -> bool:
        """Whether the office is open at this instant."""
        if at >= self.until and self.week is not None:
            return self._beyond(self.week, at).is_open(at)
        index = bisect_right(self._starts, at) - 1
        if index < 0 and self.week is not None and self._is_past(at):
            first = at.astimezone(self.week.zone).date() - DAY  # whose last period may end today
            return replace(self.week.intervals(first, 2), week=None).is_open(at)
        return index >= 0 and at < self.intervals[index][1]

    def next_open(self, at: datetime) -> datetime | None:
        """When it opens next, `at` itself if it is open; None if it does not within what was
        compiled and the two months behind."""
        if self.is_open(at):
            return at
        if self.week is not None and self._is_past(at):
            return self._from(self.week, at).next_open(at)
        index = bisect_right(self._starts, at)
        if index < len(self._starts):
            return self._starts[index]
        return None if self.week is None else self._beyond(self.week, at).next_open(at)

    def without_orders(self) -> "OpenIntervals":
        """As though no closure order stood: worked out anew for each moment that is asked for."""
        if self.week is None or not self.week.shut:
            return self
        return OpenIntervals((), datetime.min.replace(tzinfo=UTC), replace(self.week, shut=()))

    def _is_past(self, at: datetime) -> bool:
        """Whether it lies before what was compiled."""
        return self.since is not None and at < self.since

    def _from(self, week: Week, at: datetime) -> "OpenIntervals":
        """What was compiled, with the local days before it from that of `at` on."""
        first = at.astimezone(week.zone).date()
        known = (self.since or at).astimezone(week.zone).date()
        earlier = week.intervals(first, (known - first).days)
        return replace(self, intervals=earlier.intervals + self.intervals, since=earlier.since)

    def _beyond(self, week: Week, at: datetime) -> "OpenIntervals":
        """What follows, from the local day on which `at` or the end of what is known falls."""
        first = max(at, self.until).astimezone(week.zone).date()
        return replace(week.intervals(first, DAYS), week=None)

    def after(self, at: datetime, wait: timedelta) -> datetime:
        """When so much working time has passed since `at`. An office that is not open for so long
        within what was compiled has it by the clock: a promise must not wait for ever."""
        if at >= self.until and self.week is not None:
            return self._beyond(self.week, at).after(at, wait)
        if self.week is not None and self._is_past(at):
            return self._from(self.week, at).after(at, wait)
        left = wait
        for start, end in self.intervals[max(bisect_right(self._starts, at) - 1, 0) :]:
            worked = end - max(start, at)
            if worked >= left:
                return max(start, at) + left
            left -= max(worked, timedelta(0))
        further = None if self.week is None else self._beyond(self.week, self.until)
        if further is not None and further.intervals:
            return further.after(self.until, left)
        return at + wait


def read_holidays(table: Mapping[str, object]) -> Holidays:
    """A parsed calendar table: `[2026] off = [dates] make_up = [dates]`. Raises HoursError."""
    off: set[date] = set()
    make_up: set[date] = set()
    years: set[int] = set()
    for year, notice in table.items():
        if not year.isdecimal() or not isinstance(notice, Mapping):
            raise HoursError(
                f"[{year}]应是年份，下面要有off和make_up两个列表。",
                f"[{year}] must be a year with the lists off and make_up",
            )
        years.add(int(year))
        off.update(_dates(year, notice.get("off")))
        make_up.update(_dates(year, notice.get("make_up")))
    return Holidays(frozenset(off), frozenset(make_up), frozenset(years))


def _dates(year: str, listed: object) -> Iterator[date]:
    if not isinstance(listed, list):
        raise HoursError(
            f"[{year}]要有off和make_up两个日期列表。",
            f"[{year}] needs both off and make_up, each a list of dates",
        )
    for day in listed:
        if not isinstance(day, date) or day.year != int(year):
            raise HoursError(
                f"[{year}]下的{day}不是那一年的日期。",
                f"{day!r} under [{year}] is not a date of that year",
            )
        yield day


def day_periods(hours: Hours, holidays: Holidays, day: date) -> tuple[Period, ...]:
    """The periods of one day: a holiday has none, a make-up day those of a weekday.

    Offices open around the clock know neither. What was set by hand for the day wins."""
    if day in holidays.own:
        return holidays.own[day]
    if hours.always:
        return hours.days[0]
    if day in holidays.make_up:
        longest = max(hours.days[:SATURDAY], key=lambda d: sum(p.end - p.start for p in d))
        return longest or hours.days[day.weekday()]
    return () if day in holidays.off else hours.days[day.weekday()]


def open_intervals(
    hours: Hours,
    holidays: Holidays,
    zone: tzinfo,
    first: date,
    days: int = DAYS,
    *,
    shut: tuple[Span, ...] = (),
) -> OpenIntervals:
    """When the office is open on `days` days from `first`, local to `zone`, without what is
    `shut` (sorted, disjoint)."""
    opened: list[Span] = []
    for offset in range(days):
        day = first + offset * DAY
        opened.extend(
            (instant(day, period.start, zone), instant(day, period.end, zone))
            for period in day_periods(hours, holidays, day)
        )
    until = instant(first + days * DAY, 0, zone)
    week, since = Week(hours, holidays, zone, shut), instant(first, 0, zone)
    return OpenIntervals(tuple(without(joined(opened), shut)), until, week, since)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted, with those that touch or overlap made one; without empty ones, as a period has
    that stands in the hour which a clock leaves out."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def without(spans: Iterable[Span], shut: Sequence[Span]) -> Iterator[Span]:
    """What is left of sorted, disjoint spans outside of others."""
    for start, end in spans:
        at = start
        for shut_start, shut_end in shut:
            if shut_end <= at or shut_start >= end:
                continue
            if shut_start > at:
                yield at, shut_start
            at = max(at, shut_end)
        if at < end:
            yield at, end


def instant(day: date, minutes: int, zone: tzinfo) -> datetime:
    """A local time of day in UTC; the wall clock counts, also on days with a clock change."""
    midnight = datetime.combine(day + (minutes // 1440) * DAY, time(0), zone)
    wall = midnight.replace(hour=minutes % 1440 // 60, minute=minutes % 60)
    return wall.astimezone(UTC)


def working_day_due(
    opened: datetime, working_days: int, hours: Hours, holidays: Holidays, zone: tzinfo
) -> datetime:
    """The end of the n-th working day after the day of `opened` (hotline §1.3)."""
    day = opened.astimezone(zone).date()
    left = working_days
    while left > 0:
        day += DAY
        if holidays.working_day(day):
            left -= 1
    return instant(day, _closing(hours, holidays, day), zone)


def _closing(hours: Hours, holidays: Holidays, day: date) -> int:
    periods = () if hours.always else day_periods(hours, holidays, day)
    if periods:
        return periods[-1].end
    return CIVIL_END.hour * 60 + CIVIL_END.minute
