"""The office page on a free port of this machine, and a Chromium to look at it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from routing.web.demo.office import OFFICE_LINK, OFFICE_PAGES, office_routes
from routing.web.layout import add_layout
from tests.browser import chromium, tab
from tests.routing.web.city import KeptCases, a_case, desk_of


@dataclass(frozen=True, slots=True)
class Offices:
    """A running server: where it is, and the cases a test may change."""

    url: str
    cases: KeptCases


@pytest.fixture
async def offices() -> AsyncIterator[Offices]:
    """The office page, served for real."""
    cases = KeptCases(a_case())
    app = web.Application()
    add_layout(app, (OFFICE_PAGES,), (OFFICE_LINK,))
    app.add_routes(office_routes(desk_of(cases)))
    async with TestServer(app) as server:
        yield Offices(f"http://127.0.0.1:{server.port}", cases)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A tab of its own browser."""
    async with chromium() as browser, tab(browser) as opened:
        yield opened
