"""The page over a real database, with people who may and may not read it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from routing.accounts.roles import Role
from routing.audit import Action, Entry
from routing.web.audit.page import AUDIT_PAGES, AuditDesk, audit_routes
from storage.audit import StoredAudit
from storage.engine import Database
from tests.databases import database_at
from tests.people import People, app_of, people_of

HERE: Final = ZoneInfo("Asia/Shanghai")
HOSTILE: Final = "<script>alert('1')</script>\"'&=+"


@dataclass(frozen=True, slots=True)
class Shown:
    """A client that is signed in as nobody yet."""

    client: TestClient[web.Request, web.Application]
    people: People
    database: Database

    @property
    def audit(self) -> StoredAudit:
        return StoredAudit(self.database)

    async def text(self, path: str = "/admin/audit?lang=en", status: int = 200) -> str:
        """As an auditor sees it."""
        cookies = await self.people.cookie(Role.AUDITOR)
        async with self.client.get(path, cookies=cookies) as answer:
            assert answer.status == status, path
            return await answer.text()

    async def post(self, what: str, form: dict[str, str], **more: Any) -> tuple[int, str]:
        cookies = await self.people.cookie(Role.AUDITOR)
        url = f"/admin/audit/{what}"
        async with self.client.post(url, data=form, cookies=cookies, **more) as answer:
            return answer.status, await answer.text("utf-8")

    async def note(self, action: Action, about: str, **values: object) -> int:
        """By somebody of this name."""
        return await self.audit.append(
            Entry("7", action, about, self.people.clock.at, {"by": "王芳", **values})
        )


@contextlib.asynccontextmanager
async def shown(folder: Path) -> AsyncIterator[Shown]:
    database = await database_at(folder / "people.db")
    people = people_of(database)
    desk = AuditDesk(StoredAudit(database), people.clock, HERE)
    app = app_of(people, audit_routes(desk), (AUDIT_PAGES,))
    try:
        async with TestClient(TestServer(app)) as client:
            yield Shown(client, people, database)
    finally:
        await database.close()
