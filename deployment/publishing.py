"""Drafts and publications, put together: the desk that pages and commands use, and what is looked
after meanwhile. Used by `server.py`."""

import tomllib
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from deployment.plans import plan_inputs
from deployment.reviewing import review_of
from deployment.settings import Settings
from routing.hours import parse_hours, read_holidays, working_day_due
from routing.ports import Clock
from routing.publishing.desk import PublishingDesk
from routing.publishing.seconds import TwoPeople
from storage.drafts import StoredDrafts
from storage.engine import Database
from storage.releases import StoredReleases

LOG: Final = structlog.get_logger()
DUE: Final = 1.0
"""Seconds between two looks for plans whose time has come."""
OFFICE_DAY: Final = "Mon-Sun 09:00-17:00"
"""On working days, whose end a second person has until."""


def desk_of(settings: Settings, database: Database, clock: Clock) -> PublishingDesk:
    """The use cases over their stores."""
    zone = ZoneInfo(settings.time_zone)
    holidays = read_holidays(tomllib.loads(plan_inputs(settings).calendar))
    day = parse_hours(OFFICE_DAY)

    def until(at: datetime) -> datetime:
        return working_day_due(at, 1, day, holidays, zone)

    return PublishingDesk(
        drafts=StoredDrafts(database),
        releases=StoredReleases(database),
        review=review_of(settings, clock),
        clock=clock,
        until=until,
        two_people=TwoPeople(settings.two_people),
    )


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
