"""The register's pages served over a real database, the demonstration city published as plan 1."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from routing.accounts.roles import Role
from routing.city import AREA, demo_sheets
from routing.drafts.change import Author, Edit
from routing.sheets.register import Sheets
from routing.web.register.page import REGISTER_PAGES, RegisterDesk, register_routes
from storage.drafts import StoredDrafts
from storage.engine import Database
from tests.databases import database_at
from tests.people import Client, People, PeoplesClock, app_of, people_of, served

ONE = "+865580000001"
SOMEBODY = Author("other", "lin")
__all__ = ["Client", "People", "Role", "app_of", "people_of", "served"]


@dataclass
class Register:
    """The desk, and the plan that it takes for the newest."""

    database: Database
    drafts: StoredDrafts
    desk: RegisterDesk
    clock: PeoplesClock
    number: int = 1
    sheets: Sheets = field(default_factory=demo_sheets)

    async def newest(self) -> tuple[int, dict[str, Any]]:
        return self.number, {"sheets": asdict(self.sheets), "area": AREA}

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
    drafts = StoredDrafts(database)

    async def newest() -> tuple[int, dict[str, Any]]:
        return await made.newest()

    desk = RegisterDesk(drafts, newest, clock, ZoneInfo("Asia/Shanghai"))
    made = Register(database, drafts, desk, clock)
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
