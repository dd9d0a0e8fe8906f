"""The pages on a free port of this machine, with a line that a test leads."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from ivr.library.plans import shipped
from ivr.library.wording import load_phrases
from ivr.web.phone import PHONE_LINK, PHONE_PAGES, SOCKET, Phones, phone_routes
from routing.accounts.roles import Role
from routing.web.desk.case import case_routes
from routing.web.desk.office import DESK_LINK, DESK_PAGES, office_routes
from tests.doorman import Pages, app_of, signed_in
from tests.ivr.web.fake_line import FakeLine
from tests.routing.web.city import KeptCases, a_case, city, desk_of

BOOK = load_phrases(shipped().phrases)


@dataclass(frozen=True, slots=True)
class House:
    """A running server: where it is, its line and its cases."""

    url: str
    line: FakeLine
    cases: KeptCases


@pytest_asyncio.fixture(loop_scope="session")
async def house(page: Page) -> AsyncIterator[House]:
    """Both pages, served for real, and the tab of a supervisor."""
    line, cases, directory = FakeLine(), KeptCases(a_case()), city()
    zone, desk = ZoneInfo("Asia/Shanghai"), desk_of(cases)
    phone = phone_routes(Phones(lambda: directory, dict, lambda: BOOK, line, None, zone))
    routes = [*phone, *office_routes(desk), *case_routes(desk)]
    app = app_of(Pages((PHONE_PAGES, DESK_PAGES), routes, (PHONE_LINK, DESK_LINK)))
    app.router.add_get(SOCKET, line.serve)
    app.router.add_get("/phone/voice/{key}.wav", line.voice)
    async with TestServer(app) as server:
        url = f"http://127.0.0.1:{server.port}"
        await signed_in(page, url, Role.SUPERVISOR)
        yield House(url, line, cases)
        await line.close()
