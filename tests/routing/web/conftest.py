"""The office page on a free port of this machine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from routing.accounts.roles import Role
from routing.web.desk.case import case_routes
from routing.web.desk.office import DESK_LINK, DESK_PAGES, office_routes
from tests.doorman import Pages, app_of, signed_in
from tests.routing.web.city import KeptCases, a_case, desk_of


@dataclass(frozen=True, slots=True)
class Offices:
    """A running server: where it is, and the cases a test may change."""

    url: str
    cases: KeptCases


@pytest_asyncio.fixture(loop_scope="session")
async def offices(page: Page) -> AsyncIterator[Offices]:
    """The pages of offices, served for real, and the tab of a supervisor."""
    cases = KeptCases(a_case())
    desk = desk_of(cases)
    routes = [*office_routes(desk), *case_routes(desk)]
    async with TestServer(app_of(Pages((DESK_PAGES,), routes, (DESK_LINK,)))) as server:
        url = f"http://127.0.0.1:{server.port}"
        await signed_in(page, url, Role.SUPERVISOR)
        yield Offices(url, cases)
