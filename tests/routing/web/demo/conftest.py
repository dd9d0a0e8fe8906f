"""The office's page over HTTP, with cases that a test may change."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from routing.web.demo.office import OFFICE_LINK, OFFICE_PAGES, office_routes
from routing.web.layout import add_layout
from tests.routing.web.city import KeptCases, a_case, desk_of


@pytest.fixture
def cases() -> KeptCases:
    """One case of help about water."""
    return KeptCases(a_case())


@pytest.fixture
async def client(cases: KeptCases) -> TestClient[web.Request, web.Application]:
    """Whoever looks at the page."""
    app = web.Application()
    add_layout(app, (OFFICE_PAGES,), (OFFICE_LINK,))
    app.add_routes(office_routes(desk_of(cases)))
    return TestClient(TestServer(app))
