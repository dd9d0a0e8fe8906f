"""The working time of every office, from the texts of a plan: its week, the holidays, an admin's
own days, closure orders. The counterpart of `routing.worktime`, which says what each means."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from routing.hours import Holidays, OpenIntervals, open_intervals, read_holidays
from routing.register import Directory
from routing.rules.complaints import DISCIPLINE, HOTLINE, PETITION
from routing.week import Hours, parse_hours
from routing.worktime.calendar import read_calendar
from routing.worktime.closures import Orders, never_shut, orders_of, shut_times
from routing.worktime.orders import read_closures
from routing.worktime.overrides import Calendar
from routing.worktime.review import refused
from routing.worktime.sentences import WorktimeError


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """By office id: its week, its calendar, when it is open, and the orders that close it.
    `holidays` are the city's; `duty` is when the duty desk answers, whatever orders say, None
    where there is none."""

    hours: Mapping[str, Hours]
    calendars: Mapping[str, Holidays]
    open: Mapping[str, OpenIntervals]
    orders: Orders
    holidays: Holidays
    duty: OpenIntervals | None


def kept_open(directory: Directory) -> frozenset[str]:
    """Offices that no order closes unless it names them: who takes complaints and danger."""
    topics = (directory.topics.get(topic) for topic in (HOTLINE, DISCIPLINE, PETITION))
    return never_shut(directory, (topic.lead for topic in topics if topic is not None))


def duty_office(directory: Directory) -> str | None:
    """The office of the duty desk, where the register names one."""
    topic = directory.topics.get(HOTLINE)
    return None if topic is None else topic.lead


def working_time(
    directory: Directory, texts: tuple[str, str, str], today: date, days: int
) -> WorkingTime:
    """From the bundled table, an admin's own days and the closure orders. Raises HoursError,
    WorktimeError with every fault."""
    table, own, ordered = texts
    bundled = read_holidays(tomllib.loads(table))
    calendar, closures = read_calendar(own), read_closures(ordered)
    if faults := refused(closures, calendar, directory):
        raise WorktimeError(tuple(faults))
    orders = orders_of(closures, directory, kept_open(directory))
    week = _Weeks(directory, bundled, calendar, today, days)
    desk = duty_office(directory)
    return WorkingTime(
        hours={office: week.hours(office) for office in directory.offices},
        calendars={office: week.holidays(office) for office in directory.offices},
        open={office: week.opened(office, orders) for office in directory.offices},
        orders=orders,
        holidays=calendar.of_city(bundled),
        duty=None if desk is None else week.opened(desk, {}),
    )


@dataclass(frozen=True, slots=True)
class _Weeks:
    directory: Directory
    bundled: Holidays
    calendar: Calendar
    today: date
    days: int
    made: dict[object, OpenIntervals] = field(default_factory=dict)
    """By all that intervals come from: most offices keep the same hours."""

    def hours(self, office: str) -> Hours:
        return parse_hours(self.directory.offices[office].hours)

    def holidays(self, office: str) -> Holidays:
        return self.calendar.of_office(self.bundled, office, self.hours(office))

    def opened(self, office: str, orders: Orders) -> OpenIntervals:
        shut = shut_times(orders.get(office, ()))
        zone = ZoneInfo(self.directory.offices[office].time_zone)
        hours, days = self.hours(office), self.holidays(office)
        of = (hours, zone, shut, days.off, days.make_up, days.years, tuple(days.own.items()))
        if of not in self.made:
            self.made[of] = open_intervals(hours, days, zone, self.today, self.days, shut=shut)
        return self.made[of]
