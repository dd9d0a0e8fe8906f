"""What the pages that edit the plan have at hand, put together."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from deployment.house import House
from deployment.pauses import beside
from deployment.plans import local_day, usable
from deployment.reviewing import reviewed
from ivr.flow.world import Plan
from ivr.web.trying.page import TryingDesk
from routing.drafts.document import compose
from routing.drafts.kinds import Document
from routing.findings import Finding
from routing.ports import Clock
from routing.publishing.release import digest_of
from routing.rules.proposals import Ground
from routing.web.register.page import RegisterDesk
from routing.web.rules.page import Looked, RulesDesk
from storage.drafts import StoredDrafts
from storage.plans import StoredPlans


def newest_of(house: House) -> Callable[[], Awaitable[tuple[int, Document]]]:
    """The number and the body of the newest plan. One was published before a page can be asked
    for."""
    stored = StoredPlans(house.database, house.clock)

    async def newest() -> tuple[int, Document]:
        published = await stored.latest()
        if published is None:
            raise LookupError("no plan is published")
        return published.number, await asyncio.to_thread(published.document)

    return newest


def rules_desk(house: House, looks: "Looks") -> RulesDesk:
    """Of the pages of rules."""
    zone, stored = ZoneInfo(house.settings.time_zone), StoredPlans(house.database, house.clock)

    async def version(number: int) -> Document | None:
        plan = await stored.plan(number)
        return None if plan is None else await asyncio.to_thread(plan.document)

    drafts, newest = StoredDrafts(house.database), newest_of(house)
    return RulesDesk(drafts, newest, looks.look, house.clock, zone, version, stored.in_force)


def trying_desk(house: House, looks: "Looks") -> TryingDesk:
    """Of the page that plays a call."""
    newest, drafts = newest_of(house), StoredDrafts(house.database)

    async def drafted() -> tuple[Plan | None, tuple[Finding, ...]]:
        (_, document), draft = await newest(), await drafts.draft()
        seen = await looks.see(await asyncio.to_thread(compose, document, draft.changes))
        return seen.plan, seen.looked.findings

    stored, versions = StoredPlans(house.database, house.clock), Versions(house)
    return TryingDesk(
        lambda: house.plans.current,
        drafted,
        versions.of,
        stored.in_force,
        house.clock,
        ZoneInfo(house.settings.time_zone),
    )


class Versions:
    """Earlier plans as somebody tries them: the last one is kept, since a call is tried key by key.
    Those of live calls are not displaced by it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stored = StoredPlans(house.database, house.clock)
        self._last: Plan | None = None

    async def of(self, number: int) -> Plan | None:
        """The one of this number, with today's hours; None where there is none, or this version of
        the program cannot compile it."""
        current = self._house.plans.current
        if number == current.number:
            return current
        if self._last is not None and self._last.number == number:
            return self._last
        stored = await self._stored.plan(number)
        if stored is None:
            return None
        today = local_day(self._house.settings, self._house.clock)
        found = await beside(lambda: usable(stored, today))
        self._last = found or self._last
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """A body as it would run: what its pages look at, and the plan that calls would follow, None
    where it cannot be compiled."""

    looked: Looked
    plan: Plan | None


class Looks:
    """Compiles a body beside the calls, as it would run today; the last one is kept, since a page
    is asked for more often than the draft changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: tuple[str, Run] | None = None

    async def look(self, document: Document) -> Looked:
        """The look at a body."""
        return (await self.see(document)).looked

    async def see(self, document: Document) -> Run:
        """The same with its plan."""
        now = self._clock.now()
        digest = await beside(lambda: digest_of(document))
        key = f"{now:%Y-%m-%d %H} {digest}"
        if self._last is None or self._last[0] != key:
            self._last = key, await beside(lambda: run(document, now))
        return self._last[1]


def looked(document: Document, now: datetime) -> Looked:
    """What would run, and all that is to be said of it."""
    return run(document, now).looked


def run(document: Document, now: datetime) -> Run:
    """The same with the plan, as publishing has it reviewed."""
    today = now.astimezone(ZoneInfo(document["zone"])).date()
    found = reviewed(document, today, now)
    plan = found.plan
    if plan is None:
        return Run(Looked(None, found.findings), None)
    ground = Ground(plan.directory, plan.rules, plan.open, plan.holidays, plan.zone, today)
    return Run(Looked(ground, found.findings), plan)


def register_desk(house: House) -> RegisterDesk:
    """Of the register's pages."""
    return RegisterDesk(house.publishing(), ZoneInfo(house.settings.time_zone))
