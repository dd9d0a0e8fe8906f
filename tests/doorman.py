"""Who is signed in, for tests of pages that are not about signing in: the real door over sessions
that are made up, so that no test needs a database or types a password. The cookie says who it is:
a role and, of an office, which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any, Final, cast
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Page

from routing.accounts.account import Account, Session
from routing.accounts.roles import OF_AN_OFFICE, Role
from routing.web.account.sign_in import ACCOUNT_PAGES
from routing.web.entry import FRONT_DOOR, Cookies, FrontDoor
from routing.web.layout import Chapter, Link, add_layout

NAME: Final = Cookies(secure=False).session
BEGUN: Final = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
OFFICE: Final = "市水利局"


def cookie_of(role: Role, office: str = OFFICE, line: str = "") -> dict[str, str]:
    """What the browser of somebody in this role sends."""
    theirs = f"{role}:{quote(office, safe='')}:{quote(line, safe='')}"
    return {NAME: theirs if role in OF_AN_OFFICE else str(role)}


def account_of(role: Role, office: str | None = None, line: str | None = None) -> Account:
    """One a role, office and line."""
    known = list(Role).index(role)
    return Account(f"{known:024x}", f"{role}-person", role, office, line=line)


class MadeUp:
    """`SigningIn`, as far as the door asks it."""

    async def session_of(self, token: str, *, used: bool = True) -> Session | None:
        """Of whom the cookie says it is."""
        role, _, theirs = token.partition(":")
        office, _, line = theirs.partition(":")
        if role not in set(Role):
            return None
        account = account_of(Role(role), unquote(office) or None, unquote(line) or None)
        return Session(token, account, BEGUN, BEGUN, BEGUN + timedelta(hours=12))


async def signed_in(page: Page, url: str, role: Role, office: str = OFFICE) -> None:
    """From now on the tab is somebody's."""
    for name, value in cookie_of(role, office).items():
        await page.context.add_cookies([{"name": name, "value": value, "url": url}])


async def _keeps_nothing(_: web.Request) -> bool:
    return False


def stand_at(app: web.Application) -> None:
    """The door of this application."""
    zone, cookies = ZoneInfo("Asia/Shanghai"), Cookies(secure=False)
    door = FrontDoor(cast("Any", MadeUp()), cast("Any", None), cookies, zone, _keeps_nothing)
    app[FRONT_DOOR] = door


@dataclass(frozen=True, slots=True)
class Pages:
    """What an application is made of."""

    chapters: tuple[Chapter, ...]
    routes: Iterable[web.RouteDef]
    links: tuple[Link, ...] = ()


def app_of(pages: Pages) -> web.Application:
    """These pages behind the door."""
    app = web.Application()
    add_layout(app, (ACCOUNT_PAGES, *pages.chapters), pages.links)
    stand_at(app)
    app.add_routes(pages.routes)
    return app


def client_of(
    app: web.Application, cookies: Mapping[str, str]
) -> TestClient[web.Request, web.Application]:
    """Whoever these cookies say."""
    jar = SimpleCookie(dict(cookies))
    return TestClient(TestServer(app), cookies=jar)
