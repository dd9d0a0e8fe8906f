"""The pages of working time over a real database, the demonstration city published as plan 1."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.library.plans import Inputs
from ivr.library.worktime import kept_open
from routing.accounts.roles import Role
from routing.drafts.kinds import Document
from routing.findings import Finding
from routing.publishing.desk import PublishingDesk
from routing.web.worktime.desk import WORKTIME_PAGES, WorktimeDesk
from routing.web.worktime.page import worktime_routes
from routing.worktime.closures import Closure
from routing.worktime.orders import read_closures
from storage.drafts import StoredDrafts
from storage.engine import Database
from storage.plans import StoredPlans
from storage.releases import StoredReleases
from tests.databases import database_at
from tests.people import Client, People, PeoplesClock, app_of, people_of, served
from tests.routing.web.city import city

__all__ = ["Client", "People", "Role", "app_of", "people_of"]
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Town:
    """The desk, its clock, and what a review finds."""

    database: Database
    clock: PeoplesClock
    found: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        ids = itertools.count(1)
        self.drafts = StoredDrafts(self.database)
        self.releases = StoredReleases(self.database)
        publishing = PublishingDesk(
            self.drafts, self.releases, self.review, self.clock, lambda at: at + timedelta(days=1)
        )
        self.desk = WorktimeDesk(
            publishing, city, kept_open, self.clock, ZONE, lambda: f"new{next(ids)}"
        )

    async def review(self, document: Document) -> Sequence[Finding]:
        return self.found

    async def orders(self) -> tuple[Closure, ...]:
        """Those of the newest plan."""
        newest = await self.releases.newest()
        return read_closures(newest.document.get("closures", ""))


@contextlib.asynccontextmanager
async def town_at(folder: Path, inputs: Inputs) -> AsyncIterator[Town]:
    database, clock = await database_at(folder / "town.db"), PeoplesClock()
    await StoredPlans(database, clock).publish(inputs.to_text())
    try:
        yield Town(database, clock)
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def asked(folder: Path, inputs: Inputs) -> AsyncIterator[tuple[Client, People, Town]]:
    """A client, the people and the town, at one time."""
    async with town_at(folder, inputs) as town:
        routes = worktime_routes(town.desk)
        async with served(folder, routes, (WORKTIME_PAGES,)) as (client, people):
            yield client, people, town
