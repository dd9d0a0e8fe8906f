"""The pages on a free port of this machine, with a line that a test leads."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.library.plans import shipped
from ivr.library.wording import load_phrases
from ivr.web.phone import PHONE_LINK, PHONE_PAGES, SOCKET, Phones, phone_routes
from routing.web.demo.office import OFFICE_LINK, OFFICE_PAGES, office_routes
from routing.web.layout import add_layout
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
async def house() -> AsyncIterator[House]:
    """Both pages, served for real."""
    line, cases, directory = FakeLine(), KeptCases(a_case()), city()
    app = web.Application()
    add_layout(app, (PHONE_PAGES, OFFICE_PAGES), (PHONE_LINK, OFFICE_LINK))
    zone = ZoneInfo("Asia/Shanghai")
    app.add_routes(phone_routes(Phones(lambda: directory, lambda: BOOK, line, None, zone)))
    app.add_routes(office_routes(desk_of(cases)))
    app.router.add_get(SOCKET, line.serve)
    app.router.add_get("/phone/voice/{key}.wav", line.voice)
    async with TestServer(app) as server:
        yield House(f"http://127.0.0.1:{server.port}", line, cases)
        await line.close()
