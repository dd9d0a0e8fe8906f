"""The register's pages served over a real database, the demonstration city published as plan 1."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deployment.plans import plan_inputs
from deployment.publishing import desk_of
from deployment.settings import Settings
from routing.accounts.roles import Role
from routing.city import demo_sheets
from routing.drafts.change import Author, Edit
from routing.sheets.entities import Body, EntityKind, entities
from routing.sheets.register import Sheets
from routing.web.register.page import REGISTER_PAGES, RegisterDesk, register_routes
from storage.drafts import StoredDrafts
from storage.engine import Database
from storage.plans import StoredPlans
from tests.databases import database_at
from tests.people import Client, People, PeoplesClock, app_of, people_of, served

ONE = "+865580000001"
EDIT = f"/admin/numbers/edit?key=%2B{ONE[1:]}"
SOMEBODY = Author("other", "lin")
__all__ = ["Client", "People", "Role", "app_of", "people_of", "served"]


@dataclass
class Register:
    """The desk, and what stands in the database behind it."""

    database: Database
    desk: RegisterDesk
    clock: PeoplesClock

    @property
    def drafts(self) -> StoredDrafts:
        return StoredDrafts(self.database)

    async def publish(self, sheets: Sheets) -> int:
        """As a start does."""
        inputs = replace(plan_inputs(Settings(demo=True)), sheets=sheets)
        return await StoredPlans(self.database, self.clock).publish(inputs.to_text())

    async def sheets(self) -> Sheets:
        """As they are published."""
        newest = await self.desk.publishing.releases.newest()
        return Sheets(**newest.document["sheets"])

    async def number(self, key: str = ONE) -> Body:
        """A number as it is published."""
        return entities(await self.sheets(), EntityKind.NUMBER)[key]

    async def body(self, kind: str, key: str) -> dict[str, Any] | None:
        """What the draft has of an entity."""
        change = await self.drafts.change(kind, key)
        assert change is not None, f"the draft has no {kind} {key}"
        return None if change.body is None else dict(change.body)

    async def somebody(self, edit: Edit) -> None:
        """Somebody else was faster."""
        await self.drafts.save([edit], SOMEBODY, self.clock.now())


@contextlib.asynccontextmanager
async def register_at(folder: Path) -> AsyncIterator[Register]:
    database = await database_at(folder / "register.db")
    clock = PeoplesClock()
    settings = Settings(demo=True)
    desk = RegisterDesk(desk_of(settings, database, clock), ZoneInfo(settings.time_zone))
    made = Register(database, desk, clock)
    await made.publish(demo_sheets())
    try:
        yield made
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def asked(folder: Path, role: Role = Role.ADMIN) -> AsyncIterator[tuple[Client, Register]]:
    """A client signed in as somebody of this role."""
    async with register_at(folder) as register:
        routes = register_routes(register.desk)
        async with served(folder, routes, (REGISTER_PAGES,)) as (client, people):
            client.session.cookie_jar.update_cookies(await people.cookie(role))
            yield client, register


def value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*? value="([^"]*)"', page)
    return found[1] if found else ""


async def form(client: Client, url: str) -> tuple[str, dict[str, str]]:
    """A page, and what its form would send: the text and hidden fields, and what is chosen."""
    page = await (await client.get(url)).text()
    sent = {name: value(page, name) for name in re.findall(r'<input[^>]* name="(\w+)"', page)}
    for select in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', select[1])
        sent[select[0]] = chosen[1] if chosen else ""
    return page, {name: text.replace("&#39;", "'") for name, text in sent.items()}
