"""An admin's own days: holiday notices and days that are otherwise, for the city or for one office.
They win over the bundled table; an office's win over the city's (ADR 37). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from routing.hours import DAY, Holidays
from routing.week import Hours, Period

CITY = ""
"""The office of an override that is the whole city's."""
LONGEST = timedelta(days=62)
"""Of one override."""


class What(StrEnum):
    """How a day is otherwise."""

    OFF = "off"
    WORK = "work"
    """worked, with the hours of a weekday"""
    HOURS = "hours"
    """with periods of its own"""


@dataclass(frozen=True, slots=True)
class Override:
    """Days from `first` to `last` are otherwise at `office` (CITY: everywhere but where the clock
    is never looked at). `periods` belong to HOURS; `note` says why, for whoever reads the page."""

    id: str
    office: str
    first: date
    last: date
    what: What
    periods: tuple[Period, ...] = ()
    note: str = ""

    def days(self) -> Iterator[date]:
        """Each of its days."""
        for offset in range((self.last - self.first).days + 1):
            yield self.first + offset * DAY

    def covers(self, day: date) -> bool:
        """Whether it says something of this day."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Notice:
    """The holiday notice of a year, as an admin entered it: it replaces the bundled one."""

    year: int
    off: frozenset[date]
    make_up: frozenset[date]


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that an admin has set. Of two overrides of a day the later one counts."""

    overrides: tuple[Override, ...] = ()
    notices: tuple[Notice, ...] = ()

    def of_city(self, bundled: Holidays) -> Holidays:
        """The civil calendar: by which working days are counted where no office has its own."""
        table = _noticed(bundled, self.notices)
        return _with(table, (o for o in self.overrides if o.office == CITY), own=False)

    def of_office(self, bundled: Holidays, office: str, hours: Hours) -> Holidays:
        """An office's own calendar."""
        table = _noticed(bundled, self.notices)
        bends = not hours.always and not hours.never
        city = (o for o in self.overrides if o.office == CITY)
        theirs = (o for o in self.overrides if o.office == office)
        return _with(_with(table, city, own=bends), theirs, own=True, always=hours.always)

    def said_of(self, office: str, day: date) -> Override | None:
        """The override that decides about a day at an office, None where none does."""
        for which in (office, CITY):
            for override in reversed(self.overrides):
                if override.office == which and override.covers(day):
                    return override
        return None


def _noticed(bundled: Holidays, notices: Iterable[Notice]) -> Holidays:
    table = bundled
    for notice in notices:
        table = Holidays(
            frozenset(day for day in table.off if day.year != notice.year) | notice.off,
            frozenset(day for day in table.make_up if day.year != notice.year) | notice.make_up,
            table.years | {notice.year},
            table.own,
        )
    return table


def _with(
    table: Holidays, overrides: Iterable[Override], *, own: bool, always: bool = False
) -> Holidays:
    """The table with overrides laid over it. `own`: also those that set the hours of a day;
    `always`: of an office open around the clock, which knows no days off but these."""
    off, make_up, days = set(table.off), set(table.make_up), dict(table.own)
    for override in overrides:
        for day in override.days():
            days.pop(day, None)
            closes = override.what is What.OFF
            (off if closes else make_up).add(day)
            (make_up if closes else off).discard(day)
            if override.what is What.HOURS and own:
                days[day] = override.periods
            if closes and always:
                days[day] = ()
    return replace(table, off=frozenset(off), make_up=frozenset(make_up), own=days)
