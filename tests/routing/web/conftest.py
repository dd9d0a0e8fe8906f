"""The office page on a free port of this machine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from routing.web.demo.office import OFFICE_LINK, OFFICE_PAGES, office_routes
from routing.web.layout import add_layout
from tests.routing.web.city import KeptCases, a_case, desk_of


@dataclass(frozen=True, slots=True)
class Offices:
    """A running server: where it is, and the cases a test may change."""

    url: str
    cases: KeptCases


@pytest_asyncio.fixture(loop_scope="session")
async def offices() -> AsyncIterator[Offices]:
    """The office page, served for real."""
    cases = KeptCases(a_case())
    app = web.Application()
    add_layout(app, (OFFICE_PAGES,), (OFFICE_LINK,))
    app.add_routes(office_routes(desk_of(cases)))
    async with TestServer(app) as server:
        yield Offices(f"http://127.0.0.1:{server.port}", cases)
