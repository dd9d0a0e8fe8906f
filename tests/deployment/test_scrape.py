"""Who may read `/metrics`: this machine, or whoever holds the token."""

from collections.abc import Mapping

import pytest
from aiohttp import HttpVersion10, encode_basic_auth, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from deployment.metrics import Metrics
from deployment.scrape import metrics_routes
from deployment.watchers import watchers_only
from storage.errors import StorageError

TOKEN = "0123456789abcdef"


async def status(token: str, headers: Mapping[str, str], *, public: bool = False) -> int:
    app = web.Application()
    app.add_routes(metrics_routes(Metrics(), token, public=public))
    async with (
        TestClient(TestServer(app)) as client,
        client.get("/metrics", headers=headers) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(
    ("headers", "expects"),
    [
        ({}, 200),
        ({"Host": "localhost:8080"}, 200),
        ({"Host": "phone.example"}, 404),
        ({"X-Forwarded-For": "203.0.113.9"}, 404),
        ({"Forwarded": "for=203.0.113.9"}, 404),
        ({"Via": "1.1 proxy"}, 404),
        ({"Authorization": f"Bearer {TOKEN}", "X-Real-IP": "203.0.113.9"}, 404),
    ],
)
async def test_without_a_token_it_is_this_machines_alone(
    headers: Mapping[str, str], expects: int
) -> None:
    assert await status("", headers) == expects


@pytest.mark.parametrize(
    ("told", "expects"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        ("", 401),
        ("Bearer", 401),
        (f"Bearer {TOKEN}0", 401),
        (f"Basic {TOKEN}", 401),
        (encode_basic_auth("anyone", TOKEN), 200),
        (encode_basic_auth(TOKEN, ""), 401),
        (encode_basic_auth("", f"{TOKEN}:"), 401),
        ("Basic", 401),
        ("Basic \udcff", 401),
        (f"Digest {TOKEN}", 401),
        ("Bearer \udcff", 401),
    ],
)
async def test_with_a_token_its_holder_comes_from_anywhere(told: str, expects: int) -> None:
    headers = {"Authorization": told, "X-Forwarded-For": "203.0.113.9", "Host": "phone.example"}
    assert await status(TOKEN, headers) == expects


@pytest.mark.parametrize("peer", [("203.0.113.9", 4000), ("", 0), None])
async def test_a_loopback_name_is_not_enough(peer: tuple[str, int] | None) -> None:
    """Whoever listens beyond loopback is asked by strangers under any name."""
    (route,) = metrics_routes(Metrics(), "")

    class Transport:
        def get_extra_info(self, name: str) -> object:
            return peer if name == "peername" else None

    request = make_mocked_request(
        "GET", "/metrics", headers={"Host": "127.0.0.1"}, transport=Transport()
    )
    with pytest.raises(web.HTTPNotFound):
        await route.handler(request)


async def test_a_proxy_that_adds_no_header_speaks_an_older_http() -> None:
    (route,) = metrics_routes(Metrics(), "")
    request = make_mocked_request(
        "GET", "/metrics", headers={"Host": "127.0.0.1"}, version=HttpVersion10
    )
    with pytest.raises(web.HTTPNotFound):
        await route.handler(request)


async def test_where_strangers_are_handed_on_nobody_comes_in_without_a_token() -> None:
    """Since 1.29.7 nginx, told nothing but where we are, hands on HTTP/1.1 under our own name."""
    assert await status("", {}, public=True) == 404
    assert await status(TOKEN, {}, public=True) == 401
    assert await status(TOKEN, {"Authorization": f"Bearer {TOKEN}"}, public=True) == 200


async def test_where_the_database_is_gone_they_are_told_so() -> None:
    async def ledger(_: web.Request) -> web.StreamResponse:
        raise StorageError("PostgreSQL does not answer: see that it runs")

    app = web.Application()
    app.add_routes([web.get("/ledger", watchers_only("")(ledger))])
    async with TestClient(TestServer(app)) as client, client.get("/ledger") as answer:
        assert answer.status == 503
        assert await answer.text() == "PostgreSQL does not answer: see that it runs\n"
