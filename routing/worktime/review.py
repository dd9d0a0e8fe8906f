"""What is to be said of calendars and closure orders before a plan is published, and while it is in
use: years without a notice, offices closed for long, orders that ran out. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from routing.findings import Finding, Level, Place
from routing.hours import DAYS, OpenIntervals, Span
from routing.register import Directory
from routing.week import Hours
from routing.worktime import calendar as of_calendar
from routing.worktime import orders as of_orders
from routing.worktime.closures import Closure, reach
from routing.worktime.overrides import Calendar
from routing.worktime.sentences import finding

RUNS_OUT: Final = timedelta(days=14)
"""Open hours that are known for less were not renewed for weeks."""
GAP: Final = timedelta(days=12)
"""An office that is closed for so long on end has forgotten to say so: the longest holiday has
nine days."""


def refused(closures: Iterable[Closure], calendar: Calendar, directory: Directory) -> list[Finding]:
    """What keeps a plan from being compiled: offices that the register lacks."""
    found = [wrong for each in closures for wrong in of_orders.scope_faults(each, directory)]
    return [*found, *of_calendar.office_faults(calendar, directory)]


def missing_years(years: Iterable[int], today: date) -> Iterator[Finding]:
    """Years within the days that are compiled whose holiday notice nobody has entered."""
    last = today + timedelta(days=DAYS)
    for year in range(today.year, last.year + 1):
        if year not in years:
            yield _warn("calendar", of_calendar.notice_key(year), "year_missing", year=year)


def runs_out(opened: Mapping[str, OpenIntervals], now: datetime) -> Iterator[Finding]:
    """That the open hours are known for less than a fortnight more."""
    until = min((each.until for each in opened.values()), default=now)
    if until - now < RUNS_OUT:
        yield _warn("calendar", "", "runs_out", n=max((until - now).days, 0))


def gaps(
    directory: Directory,
    hours: Mapping[str, Hours],
    opened: Mapping[str, OpenIntervals],
    orders: Mapping[str, tuple[Closure, ...]],
    now: datetime,
) -> Iterator[Finding]:
    """Offices that are never open, or closed for long without an order that says why."""
    for office, each in opened.items():
        name = directory.offices[office].name
        if hours[office].never:
            yield _warn("calendar", office, "never_open", office=name)
            continue
        for start, end in _closed(each, now):
            if end - start > GAP and not any(
                order.start < end and order.until > start for order in orders.get(office, ())
            ):
                first = start.date().isoformat()
                days = (end - start).days
                yield _warn("calendar", office, "gap", office=name, first=first, n=days)


def _closed(opened: OpenIntervals, now: datetime) -> Iterator[Span]:
    at = now
    for start, end in opened.intervals:
        if start > at:
            yield at, start
        at = max(at, end)
    if at < opened.until:
        yield at, opened.until


def of_closures(
    closures: Iterable[Closure],
    directory: Directory,
    kept: frozenset[str],
    duty: str | None,
    now: datetime,
) -> Iterator[Finding]:
    """Orders that ran out, that close nobody, or that name the office of the duty desk."""
    for closure in closures:
        if closure.until <= now:
            end = closure.until.date().isoformat()
            yield _warn("closure", closure.id, "expired", end=end)
        elif not reach(closure, directory, kept):
            yield _warn("closure", closure.id, "closes_nobody")
        elif duty is not None and duty in closure.scope:
            name = directory.offices[duty].name
            yield _warn("closure", closure.id, "duty_shut", office=name)


def _warn(kind: str, key: str, code: str, /, **details: object) -> Finding:
    return finding(Place(kind, key), code, Level.WARNING, **details)
