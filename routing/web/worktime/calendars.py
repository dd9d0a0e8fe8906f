"""`/admin/calendars`: the next 60 days of an office, as calls are answered by them, each with the
reason of its difference; by the plan in force or by the draft."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.drafts.document import with_draft
from routing.hours import DAYS, Holidays, read_holidays
from routing.web.entry import allows, signed_in
from routing.web.layout import page, tongue_of
from routing.web.moments import day as written_day
from routing.web.wording import Tongue
from routing.web.worktime.desk import WorktimeDesk, tree
from routing.week import Period, parse_hours, week_named
from routing.worktime.calendar import KIND, read_calendar, write_calendar
from routing.worktime.closures import Closure, orders_of
from routing.worktime.days import Office, days_of
from routing.worktime.orders import read_closures
from routing.worktime.overrides import Calendar
from routing.worktime.review import missing_years
from routing.worktime.sentences import WorktimeError

WEEKDAYS: Final[Mapping[Tongue, tuple[str, ...]]] = {
    Tongue.ZH: ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    Tongue.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a plan's body says of working time."""

    bundled: Holidays
    calendar: Calendar
    closures: tuple[Closure, ...]


def calendar_routes(desk: WorktimeDesk) -> list[web.RouteDef]:
    """For who may read the plan."""

    async def show(request: web.Request) -> web.StreamResponse:
        return await _show(request, desk)

    return [web.get("/admin/calendars", signed_in(*MAY[Act.READ_PLAN])(show))]


async def kept_of(desk: WorktimeDesk, *, draft: bool) -> Kept:
    """By the newest plan, or with the draft's days laid over it. Raises WorktimeError."""
    newest = await desk.publishing.releases.newest()
    own = newest.document.get("calendar_overrides", "")
    if draft:
        own = write_calendar(
            with_draft(newest.document, await desk.publishing.drafts.draft(), KIND)
        )
    return Kept(
        read_holidays(tomllib.loads(newest.document["calendar"])),
        read_calendar(own),
        read_closures(newest.document.get("closures", "")),
    )


async def _show(request: web.Request, desk: WorktimeDesk) -> web.StreamResponse:
    tongue, directory = tongue_of(request), desk.directory()
    draft = request.query.get("plan") == "draft"
    try:
        kept = await kept_of(desk, draft=draft)
    except WorktimeError:  # a fault in the draft, which its own page names
        draft, kept = False, await kept_of(desk, draft=False)
    known = tree(directory, tongue)
    asked = request.query.get("office", "")
    chosen = directory.offices[asked if asked in directory.offices else known[0][0]]
    zone = ZoneInfo(chosen.time_zone)
    today = desk.clock.now().astimezone(zone).date()
    orders = orders_of(kept.closures, directory, desk.kept(directory))
    week = Office(
        chosen.id,
        parse_hours(chosen.hours),
        zone,
        kept.bundled,
        kept.calendar,
        orders.get(chosen.id, ()),
    )
    years = kept.calendar.of_city(kept.bundled).years
    context: dict[str, Any] = {
        "offices": known,
        "chosen": chosen,
        "usual": week_named(parse_hours(chosen.hours))[tongue],
        "draft": draft,
        "days": list(days_of(week, today, DAYS)),
        "findings": [found.says[tongue] for found in missing_years(years, today)],
        "written": lambda day: _written(day, tongue),
        "periods": _periods,
        "may": allows(request, Act.EDIT_PLAN),
    }
    return page(request, "worktime/calendars.html", context)


def _written(day: date, tongue: Tongue) -> str:
    return f"{written_day(day, tongue)} {WEEKDAYS[tongue][day.weekday()]}"


def _periods(periods: tuple[Period, ...]) -> list[str]:
    """As people write them, to the minute."""
    return [f"{_clock(period.start)}–{_clock(period.end)}" for period in periods]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
