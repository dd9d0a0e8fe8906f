"""The pages of phrases and menus, served with the demonstration's plan for somebody of a role."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from deployment.plans import plan_inputs
from deployment.prompts import HousePrompts
from deployment.publishing import desk_of
from deployment.settings import Settings
from ivr.carrier.local.bank import shipped_bank
from ivr.web.spoken.desk import SPOKEN_PAGES, SpokenDesk
from ivr.web.spoken.phrases import phrases_routes
from ivr.web.spoken.scripts import scripts_routes
from routing.accounts.roles import Role
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from routing.publishing.desk import PublishingDesk
from storage.engine import Database
from storage.plans import StoredPlans
from storage.prompts import StoredPrompts
from tests.databases import database_at
from tests.people import Client, PeoplesClock, served

SOMEBODY = Author("other", "lin")


@dataclass(frozen=True, slots=True)
class Editors:
    """A client that is signed in, and what is behind the pages."""

    client: Client
    publishing: PublishingDesk
    database: Database

    async def drafted(self, kind: str, key: str) -> dict[str, Any] | None:
        """How the draft has an entity; it must have one."""
        change = await self.publishing.drafts.change(kind, key)
        assert change is not None
        return None if change.body is None else dict(change.body)

    async def revision(self, kind: str, key: str) -> str:
        change = await self.publishing.drafts.change(kind, key)
        return "0" if change is None else str(change.revision)

    async def other_saves(self, kind: str, key: str, body: dict[str, Any]) -> None:
        """Somebody else, meanwhile."""
        newest = await self.publishing.releases.newest()
        base = entity_of(newest.document, kind, key)
        edit = Edit(kind, key, body, base, newest.number)
        await self.publishing.drafts.save([edit], SOMEBODY, PeoplesClock().now())


@contextlib.asynccontextmanager
async def editing(folder: Path, role: Role = Role.ADMIN) -> AsyncIterator[Editors]:
    """The demonstration's plan is published; nothing is drafted."""
    database, clock = await database_at(folder / "x.db"), PeoplesClock()
    settings = Settings(demo=True, data_dir=folder)
    await StoredPlans(database, clock).publish(plan_inputs(settings).to_text())
    publishing = desk_of(settings, database, clock)
    try:
        async with served(folder, routes(publishing, database), (SPOKEN_PAGES,)) as (
            client,
            people,
        ):
            client.session.cookie_jar.update_cookies(await people.cookie(role))
            yield Editors(client, publishing, database)
    finally:
        await database.close()


def routes(publishing: PublishingDesk, database: Database) -> list[web.RouteDef]:
    prompts = HousePrompts(shipped_bank(), StoredPrompts(database), PeoplesClock())
    desk = SpokenDesk(publishing, prompts)
    return [*phrases_routes(desk), *scripts_routes(desk)]
