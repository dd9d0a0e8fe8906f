"""The pages of offices, put together. Used by `deployment.admin` and `server.py`."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from deployment.house import House
from routing.casework import Dispatching
from routing.hours import CLOSED, working_day_due
from routing.web.desk.before import routes_before
from routing.web.desk.case import case_routes
from routing.web.desk.desk import OfficeDesk
from routing.web.desk.office import office_routes
from storage.corrections import StoredCorrections


def desk_routes(house: House) -> Sequence[web.RouteDef]:
    """Offices, their cases, and where these pages were before."""
    desk = OfficeDesk(
        house.directory,
        house.cases,
        house.casework(),
        dispatching(house),
        StoredCorrections(house.database),
        house.undelivered.offices,
        house.clock,
        ZoneInfo(house.settings.time_zone),
    )
    before = routes_before() if house.settings.shows_demo else []
    return [*office_routes(desk), *case_routes(desk), *before]


def dispatching(house: House) -> Dispatching:
    """What sends a case where its topic leads."""

    def until(office: str, at: datetime) -> datetime:
        plan = house.plans.current
        hours = plan.hours.get(office, CLOSED)
        return working_day_due(at, 1, hours, plan.holidays_of(office), plan.zone)

    return Dispatching(house.sorting, house.plans.of, house.clock, until)
