"""All pages of working time: closure orders, the calendars, an admin's own days."""

from aiohttp import web

from routing.web.worktime.calendars import calendar_routes
from routing.web.worktime.closures import closure_routes
from routing.web.worktime.desk import WorktimeDesk
from routing.web.worktime.overriding import override_routes


def worktime_routes(desk: WorktimeDesk) -> list[web.RouteDef]:
    """For the application's router."""
    return [*closure_routes(desk), *calendar_routes(desk), *override_routes(desk)]
