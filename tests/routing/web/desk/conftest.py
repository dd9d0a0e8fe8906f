"""The pages of offices over HTTP, with cases that a test may change."""

import pytest

from routing.accounts.roles import Role
from routing.web.desk.case import case_routes
from routing.web.desk.office import DESK_LINK, DESK_PAGES, office_routes
from tests.doorman import Pages, app_of, client_of, cookie_of
from tests.routing.web.city import KeptCases, a_case, desk_of
from tests.routing.web.desk.asking import Client


@pytest.fixture
def cases() -> KeptCases:
    """One case of help about water."""
    return KeptCases(a_case())


@pytest.fixture
async def client(cases: KeptCases) -> Client:
    """A supervisor, who may open and do everything there."""
    desk = desk_of(cases)
    routes = [*office_routes(desk), *case_routes(desk)]
    return client_of(app_of(Pages((DESK_PAGES,), routes, (DESK_LINK,))), cookie_of(Role.SUPERVISOR))
