"""A carrier outside: its account alone is known, the embedded one and its pages are not there, and
every request goes under its base with the first of several tokens."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import server
from deployment.carrier import Voices, account_of, local_line, rest_of, tokens, wanted_of
from deployment.clock import SystemClock
from deployment.settings import Secrets, Settings
from ivr.carrier.calls import Placing
from ivr.carrier.local.bank import Bank
from ivr.carrier.numbers import Setting
from tests.databases import migrated
from tests.ivr.carrier.signed import CALLER, LINE, Carrier

ACCOUNT = "AC" + "1" * 32
PUBLIC = "https://phone.example/zhitong"


def settings_of(folder: Path, **given: str) -> Settings:
    told = {
        "carrier": "twilio",
        "account_sid": ACCOUNT,
        "auth_token": "new, old",
        "public_url": PUBLIC,
        "secret_key": "k" * 40,
    }
    return Settings(data_dir=folder, **(told | given))  # type: ignore[arg-type]  # as from .env


@pytest.fixture
async def client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    migrated(tmp_path / "zhitong.db")
    app = await server.build_app(settings_of(tmp_path))
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def test_nothing_of_the_embedded_carrier_is_there(
    client: TestClient[web.Request, web.Application],
) -> None:
    assert client.app is not None
    assert server.LINE not in client.app
    paths = {route.resource.canonical for route in client.app.router.routes() if route.resource}
    ours = {"voice", "healthz", "readyz", "metrics", "ledger", "undelivered", "api", "static"}
    peoples = {"sign-in", "sign-out", "account", "admin", "desk"}
    assert {path.split("/")[1] for path in paths} == ours | peoples
    for path in ("/", "/phone", "/demo/office", f"/line/2010-04-01/Accounts/{ACCOUNT}/Calls.json"):
        async with client.get(path) as answer:
            assert answer.status == 404, path


@pytest.mark.parametrize(("token", "status"), [("new", 200), ("old", 200), ("older", 403)])
async def test_every_token_signs_while_one_replaces_another(
    client: TestClient[web.Request, web.Application], token: str, status: int
) -> None:
    carrier = Carrier(client, PUBLIC, ACCOUNT, token)

    answer = await carrier.ring(sid=f"CA{token}")
    assert answer.status == status
    assert (f'action="{PUBLIC}/voice/' in answer.text) is (status == 200)


async def test_the_first_token_asks_under_the_base_and_its_prefix(tmp_path: Path) -> None:
    asked: list[tuple[str, str | None]] = []

    async def take(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers.get("Authorization")))
        return web.json_response({"sid": "CA7"}, status=201)

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    async with TestServer(app) as far, aiohttp.ClientSession() as session:
        base = str(far.make_url("/api/laml/"))
        settings = settings_of(tmp_path, carrier="signalwire", carrier_url=base)
        rest = rest_of(settings, Secrets.of(settings), session, 300)
        await rest.calls.place(
            Placing(CALLER, LINE, f"{PUBLIC}/a", f"{PUBLIC}/s", f"{PUBLIC}/f", "1")
        )
        await rest.messages.send(CALLER, LINE, "x", "1")
    login = aiohttp.encode_basic_auth(ACCOUNT, "new")
    assert asked == [
        (f"/api/laml/2010-04-01/Accounts/{ACCOUNT}/Calls.json", login),
        (f"/api/laml/2010-04-01/Accounts/{ACCOUNT}/Messages.json", login),
    ]


def test_the_embedded_carrier_is_asked_at_our_own_address(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    keys = Secrets.of(settings)

    assert account_of(settings, keys).base == "http://127.0.0.1:8080/line"
    assert tokens(keys) == [keys.token]
    assert local_line(settings, keys, SystemClock(), tuple, Voices(Bank())) is not None
    assert local_line(settings_of(tmp_path), keys, SystemClock(), tuple, Voices(Bank())) is None


def test_the_fallback_is_ours_or_a_file(tmp_path: Path) -> None:
    """A file server answers GET."""
    file = "https://files.example/zhitong/zh.xml"
    ours = wanted_of(settings_of(tmp_path))
    files = wanted_of(settings_of(tmp_path, fallback_url=file))

    assert "/voice/fallback#" in ours[Setting.FALLBACK_URL]
    assert ours[Setting.FALLBACK_METHOD] == "POST"
    assert files[Setting.FALLBACK_URL] == file
    assert files[Setting.FALLBACK_METHOD] == "GET"
