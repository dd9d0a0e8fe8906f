"""The pages of those who edit and watch the plan, put together. Used by `server.py`."""

import secrets
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from deployment.editing import register_desk, rules_desk
from deployment.house import House
from ivr.library.worktime import kept_open
from routing.web.audit.page import AuditDesk, audit_routes
from routing.web.plan.desk import PlanDesk
from routing.web.plan.draft import draft_routes
from routing.web.plan.versions import versions_routes
from routing.web.register.page import register_routes
from routing.web.rules.page import rules_routes
from routing.web.worktime.desk import WorktimeDesk
from routing.web.worktime.page import worktime_routes
from storage.audit import StoredAudit

ID_BYTES: Final = 6


def admin_routes(house: House) -> Sequence[web.RouteDef]:
    """All of them; each part adds its own here."""
    zone = ZoneInfo(house.settings.time_zone)
    plan = PlanDesk(house.publishing(), house.clock, zone)
    return [
        *register_routes(register_desk(house)),
        *rules_routes(rules_desk(house)),
        *worktime_routes(worktime_desk(house, zone)),
        *draft_routes(plan),
        *versions_routes(plan),
        *audit_routes(AuditDesk(StoredAudit(house.database), house.clock, zone)),
    ]


def worktime_desk(house: House, zone: ZoneInfo) -> WorktimeDesk:
    """What the pages of working time need."""
    return WorktimeDesk(
        house.publishing(),
        house.directory,
        kept_open,
        house.clock,
        zone,
        lambda: secrets.token_hex(ID_BYTES),
    )
