"""Requests from elsewhere never reach the demonstration's pages."""

import pytest
from aiohttp import HttpVersion10, web
from aiohttp.test_utils import make_mocked_request

from routing.web.guard import loopback, loopback_only


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:8080", "127.8.8.8", "[::1]:8080"],
)
def test_this_machine_by_any_of_its_names(host: str) -> None:
    assert loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8080",
        "192.168.1.5:8080",
        "0.0.0.0:8080",
        "user@localhost",
        "localhost/x",
        "localhost:port",
        "[::1",
        "2130706433",
        "127.0.0.1:8080:9",
        "localhost#@evil.example",
    ],
)
def test_other_names_and_broken_ones(host: str) -> None:
    assert not loopback(host)


async def _ok(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("GET", {}, True),
        ("GET", {"Origin": "http://evil.example"}, True),
        ("GET", {"x-forwarded-for": "203.0.113.7"}, False),
        ("GET", {"Forwarded": "for=203.0.113.7"}, False),
        ("GET", {"Via": "1.1 tunnel", "Upgrade": "websocket"}, False),
        ("GET", {"X-Real-IP": "203.0.113.7"}, False),
        ("GET", {"X-Forwarded-Host": "phone.example"}, False),
        ("GET", {"x-forwarded-proto": "https"}, False),
        ("GET", {"CF-Connecting-IP": "203.0.113.7"}, False),
        ("GET", {"True-Client-IP": "203.0.113.7"}, False),
        ("POST", {}, True),
        ("POST", {"Origin": "http://localhost:8080"}, True),
        ("POST", {"Origin": "http://localhost:9090"}, False),
        ("POST", {"Origin": "http://[localhost"}, False),
        ("POST", {"Origin": "http://evil.example"}, False),
        ("POST", {"Origin": "null"}, False),
        ("GET", {"Upgrade": "WebSocket", "Origin": "http://evil.example"}, False),
        ("GET", {"Upgrade": "websocket", "Origin": "http://localhost:8080"}, True),
    ],
)
async def test_changes_and_sockets_need_our_own_origin(
    method: str, headers: dict[str, str], allowed: bool
) -> None:
    request = make_mocked_request(method, "/", headers={"Host": "localhost:8080", **headers})
    guarded = loopback_only(_ok)
    if allowed:
        assert (await guarded(request)).status == 200
        return

    with pytest.raises(web.HTTPForbidden):
        await guarded(request)


async def test_a_proxy_without_settings_names_us_as_the_host_and_speaks_http_1_0() -> None:
    host = {"Host": "127.0.0.1:8080"}
    request = make_mocked_request("GET", "/", headers=host, version=HttpVersion10)
    with pytest.raises(web.HTTPForbidden):
        await loopback_only(_ok)(request)
