"""Drafts and publications, put together: the desk that pages and commands use, and what is looked
after meanwhile. Used by `server.py`."""

import secrets
import tomllib
from collections.abc import Callable
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from deployment import pauses
from deployment.plans import plan_inputs
from deployment.reviewing import review_of
from deployment.settings import Settings
from ivr.flow.world import Plan
from routing.hours import read_holidays, working_day_due
from routing.ledger import Leases
from routing.ports import Clock
from routing.publishing.answering import (
    LATEST,
    Answered,
    AnswerRates,
    CityTime,
    Standing,
    Verdict,
    standing,
)
from routing.publishing.composing import Beside
from routing.publishing.desk import PublishingDesk
from routing.publishing.release import PublishingError
from routing.publishing.seconds import TwoPeople
from routing.week import parse_hours
from storage.drafts import StoredDrafts
from storage.engine import Database
from storage.prompts import StoredPrompts
from storage.releases import StoredReleases

LOG: Final = structlog.get_logger()
DUE: Final = 1.0
"""Seconds between two looks for plans whose time has come."""
WATCH: Final = 60.0
"""Seconds between two looks at how many calls are answered."""
OFFICE_DAY: Final = "Mon-Sun 09:00-17:00"
"""On working days, whose end a second person has until."""


def desk_of(
    settings: Settings, database: Database, clock: Clock, beside: Beside = pauses.beside
) -> PublishingDesk:
    """The use cases over their stores."""
    zone = ZoneInfo(settings.time_zone)
    holidays = read_holidays(tomllib.loads(plan_inputs(settings).calendar))
    day = parse_hours(OFFICE_DAY)

    def until(at: datetime) -> datetime:
        return working_day_due(at, 1, day, holidays, zone)

    return PublishingDesk(
        drafts=StoredDrafts(database),
        releases=StoredReleases(database),
        review=review_of(settings, clock, StoredPrompts(database).known, beside),
        clock=clock,
        until=until,
        two_people=TwoPeople(settings.two_people),
        beside=beside,
    )


def city_time(zone: ZoneInfo, current: Callable[[], Plan]) -> CityTime:
    """With the working days of the plan in use, an admin's own among them."""

    def works(day: date) -> bool:
        return current().holidays.working_day(day)

    return CityTime(zone, works)


class Watch:
    """Looks at the newest plan's answered calls on one replica at a time, brings the one before it
    back, or says aloud that fewer are answered."""

    def __init__(
        self, desk: PublishingDesk, rates: AnswerRates, leases: Leases, city: CityTime
    ) -> None:
        self._desk = desk
        self._rates = rates
        self._leases = leases
        self._city = city
        self._holder = secrets.token_hex(8)
        self._told: int | None = None

    async def run(self) -> None:
        """One look."""
        if not await self._leases.take("answering", self._holder, round(3 * WATCH)):
            return
        latest = await self._desk.releases.releases(LATEST)
        found = await standing(latest, self._rates, self._desk.clock.now(), self._city)
        if found is None or found.verdict is Verdict.KEEP or found.number == self._told:
            return
        if found.verdict is Verdict.RETURN:
            await self._return(found)
        else:
            LOG.error("plan.fewer_answered", plan=found.number, **_rates(found.ours, found.usual))
        self._told = found.number  # not before: where the database is away, the next look tries

    async def _return(self, found: Standing) -> None:
        ours, usual = found.ours, found.usual
        reason = (
            f"接通率从平时的{usual.rate:.0%}降到{ours.rate:.0%}，自动回退到上一版。"
            f" {ours.rate:.0%} of calls were answered, {usual.rate:.0%} usually are."
        )
        try:
            number = await self._desk.bring_back(found.number, reason)
        except PublishingError as wrong:
            LOG.warning("plan.not_brought_back", plan=found.number, why=str(wrong))
        else:
            LOG.error("plan.brought_back", plan=number, **_rates(ours, usual))


def _rates(ours: Answered, usual: Answered) -> dict[str, float]:
    return {"calls": ours.calls, "answered": round(ours.rate, 3), "usual": round(usual.rate, 3)}


class Due:
    """Publishes what was scheduled, and says aloud what failed and what nobody confirmed."""

    def __init__(self, desk: PublishingDesk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """One look."""
        for proposal in await self._desk.carry_out_due():
            LOG.error("plan.not_published", proposal=proposal.id, why=proposal.why)
        for release in await self._desk.look_for_missed():
            LOG.error("plan.not_confirmed", plan=release.number, way=release.way.value)
