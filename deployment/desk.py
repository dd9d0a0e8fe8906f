"""The pages of offices, put together. Used by `deployment.admin` and `server.py`."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from deployment.house import House
from routing.casework import Dispatching
from routing.hours import OpenIntervals, working_day_due
from routing.rules.quota import Quota
from routing.web.desk.before import routes_before
from routing.web.desk.case import case_routes
from routing.web.desk.desk import OfficeDesk
from routing.web.desk.mine import OwnLines, mine_routes
from routing.web.desk.office import office_routes
from routing.week import CLOSED
from storage.corrections import StoredCorrections
from storage.put_through import StoredPutThrough
from storage.token_use import StoredTokenUse


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
    lines = OwnLines(
        lambda line: _quota(house, line),
        StoredTokenUse(house.database).taken,
        lambda office: _open(house, office),
        StoredPutThrough(house.database),
    )
    before = routes_before() if house.settings.shows_demo else []
    return [*office_routes(desk), *case_routes(desk), *mine_routes(desk, lines), *before]


def _open(house: House, office: str) -> OpenIntervals | None:
    """As the newest plan has it, which changes under us."""
    return house.plans.current.open.get(office)


def _quota(house: House, line: str) -> Quota:
    plan = house.plans.current
    return plan.quotas.get(line, Quota(live=plan.policy.live_calls))


def dispatching(house: House) -> Dispatching:
    """What sends a case where its topic leads."""

    def until(office: str, at: datetime) -> datetime:
        plan = house.plans.current
        hours = plan.hours.get(office, CLOSED)
        return working_day_due(at, 1, hours, plan.holidays_of(office), plan.zone)

    return Dispatching(house.sorting, house.plans.of, house.clock, until)
