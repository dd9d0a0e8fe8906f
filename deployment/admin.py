"""The pages of those who edit and watch the plan, put together. Used by `server.py`."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from deployment.editing import Looks, register_desk, rules_desk, trying_desk
from deployment.house import House
from deployment.pauses import beside
from deployment.plans import local_day, of_body
from deployment.prompts import HousePrompts, PlanSounds
from deployment.publishing import city_time
from deployment.settings import StartError
from ivr.flow.world import Plan
from ivr.library.errors import LibraryError
from ivr.library.worktime import kept_open
from ivr.web.spoken.desk import SpokenDesk
from ivr.web.spoken.phrases import phrases_routes
from ivr.web.spoken.scripts import scripts_routes
from ivr.web.trying.page import trying_routes
from routing.drafts.kinds import Document
from routing.publishing.past import Ruled
from routing.rules.quota import Quota
from routing.web.audit.page import AuditDesk, audit_routes
from routing.web.plan.calls import CallsDesk, calls_routes
from routing.web.plan.desk import PlanDesk
from routing.web.plan.draft import draft_routes
from routing.web.plan.file import file_routes
from routing.web.plan.versions import versions_routes
from routing.web.register.page import register_routes
from routing.web.rosters.page import RosterDesk, roster_routes
from routing.web.rosters.quotas import QuotaDesk, quota_routes
from routing.web.rules.page import rules_routes
from routing.web.worktime.desk import WorktimeDesk
from routing.web.worktime.page import worktime_routes
from storage.answering import StoredAnswerRates
from storage.audit import StoredAudit
from storage.past_calls import StoredPastCalls
from storage.prompts import StoredPrompts
from storage.sealing import Sealing
from storage.token_use import StoredTokenUse

ID_BYTES: Final = 6


def admin_routes(house: House) -> Sequence[web.RouteDef]:
    """All of them; each part adds its own here."""
    zone = ZoneInfo(house.settings.time_zone)
    rates = StoredAnswerRates(house.database)
    city = city_time(zone, lambda: house.plans.current)
    plan = PlanDesk(house.publishing(), house.clock, city, rates, house.directory)
    looks = Looks(house.clock)
    spoken = spoken_desk(house)
    return [
        *register_routes(register_desk(house)),
        *rules_routes(rules_desk(house, looks)),
        *trying_routes(trying_desk(house, looks)),
        *roster_routes(RosterDesk(house.publishing(), house.directory, house.clock)),
        *quota_routes(quota_desk(house, zone)),
        *worktime_routes(worktime_desk(house, zone)),
        *phrases_routes(spoken),
        *scripts_routes(spoken),
        *draft_routes(plan),
        *versions_routes(plan),
        *file_routes(plan, PlanSounds(StoredPrompts(house.database), house.clock)),
        *calls_routes(calls_desk(house, plan)),
        *audit_routes(AuditDesk(StoredAudit(house.database), house.clock, zone)),
    ]


def spoken_desk(house: House) -> SpokenDesk:
    """What the pages of phrases and scripts need."""
    prompts = HousePrompts(house.fallback.bank, StoredPrompts(house.database), house.clock)
    return SpokenDesk(house.publishing(), prompts)


def quota_desk(house: House, zone: ZoneInfo) -> QuotaDesk:
    """What the pages of officials' live calls need."""
    return QuotaDesk(
        house.publishing(),
        house.directory,
        lambda: house.plans.current.quotas,
        lambda: Quota(live=house.plans.current.policy.live_calls),
        StoredTokenUse(house.database).taken,
        house.clock,
        zone,
    )


def calls_desk(house: House, plan: PlanDesk) -> CallsDesk:
    """What the pages of past calls and of the comparison need."""

    async def of_version(number: int) -> Ruled | None:
        found = await house.plans.of(number)
        return _ruled(found) if found.number == number else None

    async def of_body(document: Document) -> Ruled | None:
        today = local_day(house.settings, house.clock)
        try:
            return _ruled(await beside(lambda: _of_document(document, today)))
        except (StartError, LibraryError):
            return None

    sealing = Sealing(house.secrets.key)
    return CallsDesk(plan, StoredPastCalls(house.database, sealing), of_version, of_body)


def _of_document(document: Document, today: date) -> Plan:
    return of_body(document, 0, today)


def _ruled(plan: Plan) -> Ruled:
    return Ruled(plan.rules, plan.directory, plan.open)


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
