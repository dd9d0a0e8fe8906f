"""What the tests of the office's page ask of it."""

from aiohttp import web
from aiohttp.test_utils import TestClient

from routing.web.layout import POLICY

Client = TestClient[web.Request, web.Application]
WATER = "/desk/office/市水利局"


async def text_of(client: Client, path: str) -> str:
    """A page that is there, under the strict policy that all pages have."""
    async with client.get(path) as answer:
        assert answer.status == 200, path
        assert answer.headers["Content-Security-Policy"] == POLICY
        return await answer.text()
