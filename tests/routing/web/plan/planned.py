"""The pages of draft, publishing and versions behind sign-in, over the demonstration plan."""

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer

from deployment.prompts import PlanSounds
from ivr.library.plans import Inputs
from routing.accounts.roles import Role
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from routing.drafts.kinds import Document
from routing.findings import Finding
from routing.publishing.desk import PublishingDesk
from routing.publishing.release import Unfinished
from routing.publishing.seconds import TwoPeople
from routing.web.plan.desk import PLAN_PAGES, PlanDesk
from routing.web.plan.draft import draft_routes
from routing.web.plan.file import file_routes
from routing.web.plan.versions import versions_routes
from storage.drafts import StoredDrafts
from storage.engine import Database
from storage.plans import StoredPlans
from storage.prompts import StoredPrompts
from storage.releases import StoredReleases
from tests.databases import database_at
from tests.people import Client, People, app_of, people_of
from tests.rates import BEIJING, Rates
from tests.routing.web.city import city

LIN = Author("a1", "lin")
HOSTILE = "<script>alert(1)</script>"


@dataclass
class Planned:
    """A client without cookies, the people, the desk, and what its review finds."""

    client: Client
    people: People
    desk: PublishingDesk
    found: list[Finding] = field(default_factory=list)
    rates: Rates = field(default_factory=Rates)
    prompts: StoredPrompts = field(kw_only=True)
    database: Database = field(kw_only=True)
    ended: list[Unfinished] = field(kw_only=True)
    """What the checks come to instead of an end, once each."""

    async def change(self, kind: str, key: str, **fields: str) -> int:
        """Of an entity as it is published, by lin; the draft's revision."""
        newest = await self.desk.releases.newest()
        base = entity_of(newest.document, kind, key)
        kept = await self.desk.drafts.change(kind, key)
        seen = 0 if kept is None else kept.revision
        edit = Edit(kind, key, {**(base or {}), **fields}, base, newest.number, seen)
        return await self.desk.drafts.save([edit], LIN, self.people.clock.now())

    async def get(self, role: Role, url: str) -> tuple[int, str]:
        """A page as somebody in this role sees it."""
        cookies = await self.people.cookie(role)
        async with self.client.get(url, cookies=cookies) as answer:
            return answer.status, await answer.text()

    async def post(
        self, role: Role, url: str, form: dict[str, str] | FormData, name: str = ""
    ) -> tuple[int, str]:
        """What it leads to, redirects followed; as another of the same role where named."""
        cookies = await self.people.cookie(role)
        if name:
            account = await self.people.add(role, name=name)
            cookies = dict.fromkeys(cookies, await self.people.token(account))
        async with self.client.post(url, data=form, cookies=cookies) as answer:
            return answer.status, await answer.text()


@contextlib.asynccontextmanager
async def planned(
    folder: Path, inputs: Inputs, two_people: TwoPeople = TwoPeople.NUMBERS
) -> AsyncIterator[Planned]:
    """Served until the block ends."""
    database = await database_at(folder / "plans.db")
    people = people_of(database)
    await StoredPlans(database, people.clock).publish(json.dumps(json.loads(inputs.to_text())))
    found: list[Finding] = []
    rates = Rates()

    ended: list[Unfinished] = []

    async def review(_: Document) -> Sequence[Finding]:
        if ended:
            raise ended.pop()
        return found

    desk = PublishingDesk(
        StoredDrafts(database),
        StoredReleases(database),
        review,
        people.clock,
        lambda at: at + timedelta(days=1),
        two_people,
    )
    store = StoredPrompts(database)
    pages = PlanDesk(desk, people.clock, BEIJING, rates, city)
    files = file_routes(pages, PlanSounds(store, people.clock))
    app = app_of(people, [*draft_routes(pages), *versions_routes(pages), *files], (PLAN_PAGES,))
    try:
        async with TestClient(TestServer(app)) as client:
            yield Planned(
                client, people, desk, found, rates, prompts=store, database=database, ended=ended
            )
    finally:
        await database.close()
