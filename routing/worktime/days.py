"""The days to come at an office, each with its open times and why they differ from the week's: what
the calendars' page shows. Pure; it asks the same functions that calls are answered by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from routing.hours import DAY, DAYS, Holidays, OpenIntervals, instant, open_intervals
from routing.week import Hours, Period
from routing.worktime.closures import Closure, shut_times
from routing.worktime.overrides import Calendar, Override


class Why(StrEnum):
    """Why a day differs from the same day of other weeks."""

    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    OVERRIDE = "override"
    CLOSURE = "closure"


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the reasons; with the admin's override or the order where it is one."""

    why: Why
    override: Override | None = None
    closure: Closure | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One day: `periods` are when the office is open, in minutes of the wall's clock, `usual` those
    of its week."""

    day: date
    periods: tuple[Period, ...]
    usual: tuple[Period, ...]
    reasons: tuple[Reason, ...]

    @property
    def differs(self) -> bool:
        """Whether its hours are not those of its week."""
        return self.periods != self.usual


@dataclass(frozen=True, slots=True)
class Office:
    """What the days of an office come from. `bundled` is the shipped table, `orders` those that
    close this office."""

    id: str
    hours: Hours
    zone: tzinfo
    bundled: Holidays
    calendar: Calendar
    orders: tuple[Closure, ...] = ()

    def intervals(self, first: date, days: int = DAYS) -> OpenIntervals:
        """When it is open, as calls are told."""
        holidays = self.calendar.of_office(self.bundled, self.id, self.hours)
        shut = shut_times(self.orders)
        return open_intervals(self.hours, holidays, self.zone, first, days, shut=shut)


def days_of(office: Office, first: date, days: int = DAYS) -> Iterator[Day]:
    """The days from `first`, local to the office."""
    opened = office.intervals(first, days)
    for offset in range(days):
        day = first + offset * DAY
        periods = tuple(_periods(opened, day, office.zone))
        usual = office.hours.days[day.weekday()]
        yield Day(day, periods, usual, tuple(_reasons(office, day, usual)))


def _periods(opened: OpenIntervals, day: date, zone: tzinfo) -> Iterator[Period]:
    begin, end = instant(day, 0, zone), instant(day + DAY, 0, zone)
    for start, stop in opened.intervals:
        if start < end and stop > begin:
            last = 1440 if stop >= end else _minutes(stop, zone)
            yield Period(0 if start <= begin else _minutes(start, zone), last)


def _minutes(at: datetime, zone: tzinfo) -> int:
    wall: time = at.astimezone(zone).time()
    return wall.hour * 60 + wall.minute


def _reasons(office: Office, day: date, usual: tuple[Period, ...]) -> Iterator[Reason]:
    override = office.calendar.said_of(office.id, day)
    civil = Calendar(notices=office.calendar.notices).of_city(office.bundled)
    if override is not None:
        yield Reason(Why.OVERRIDE, override=override)
    elif not office.hours.always:
        if day in civil.off and usual:
            yield Reason(Why.HOLIDAY)
        elif day in civil.make_up:
            yield Reason(Why.MAKE_UP)
    begin = instant(day, 0, office.zone)
    end = begin + timedelta(days=1)
    for order in office.orders:
        if order.start < end and order.until > begin:
            yield Reason(Why.CLOSURE, closure=order)
