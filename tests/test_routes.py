"""Every door of the server: no webhook without a signature, no demonstration page from elsewhere,
no carrier's account without its token, and none of them missing from docs/threat-model.md."""

import asyncio
import io
import re
import wave
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final, Literal

import pytest
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestClient, TestServer

import server
from deployment.folder import open_folder
from deployment.house import HOUSE
from deployment.settings import Settings
from ivr.carrier.playing import Sounds
from ivr.carrier.twiml import TONE_PATH
from routing.accounts.roles import Role
from tests.databases import migrated
from tests.deadline import DEADLINE
from tests.people import People, PeoplesClock

DOORS = Path(__file__).resolve().parent.parent / "docs/threat-model.md"
PLACES = {
    "call": "A" * 22,
    "turn": "1",
    "leg": "1",
    "following": "0",
    "language": "zh",
    "step": "0",
    "reference": "46270395",
    "after": "told",
    "job": "7",
    "kind": "delivery",
    "subject": "7",
    "section": "numbers",
    "id": "0" * 24,
}
ACCOUNT = re.compile(r"(?<=/Accounts/)AC[0-9a-f]{32}")
FORM = {"AccountSid": "AC" + "0" * 32, "CallSid": "CA" + "0" * 32, "From": "+8613800000000"}
TOKEN = "0123456789abcdef"
PLAYED = ("GET", "/voice/sounds/{name}.wav")
"""Only where `VOICES=play`, which has a test of its own."""
TONE: Final = ("GET", TONE_PATH)
"""What callers hear who wait: no webhook, and under `/voice` as all that a carrier fetches."""
Served = TestClient[web.Request, web.Application]
Door = tuple[str, str]


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """The real application on a free port, with the demonstration's pages."""
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    settings = Settings(data_dir=tmp_path, demo=True)
    lock = open_folder(settings)
    migrated(tmp_path / "zhitong.db")
    async with TestClient(TestServer(await server.build_app(settings))) as opened:
        yield opened
    lock.release()


@pytest.fixture
async def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """The real application as a deployment runs it."""
    monkeypatch.chdir(tmp_path)
    settings = outside_settings(tmp_path)
    lock = open_folder(settings)
    migrated(tmp_path / "zhitong.db")
    async with TestClient(TestServer(await server.build_app(settings))) as opened:
        yield opened
    lock.release()


def outside_settings(folder: Path, voices: Literal["say", "play"] = "say") -> Settings:
    return Settings(
        data_dir=folder,
        carrier="twilio",
        carrier_url="http://127.0.0.1:1",  # nobody is asked
        account_sid="AC" + "0" * 32,
        auth_token="0" * 32,
        public_url="https://phone.example",
        metrics_token=TOKEN,
        voices=voices,
    )


def doors(app: web.Application) -> set[Door]:
    """Method and path of every route; HEAD is GET without its body."""
    return {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


async def test_recorded_words_are_served_where_they_are_played_and_only_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = outside_settings(tmp_path, voices="play")
    lock = open_folder(settings)
    migrated(tmp_path / "zhitong.db")
    app = await server.build_app(settings)
    async with TestClient(TestServer(app)) as client:
        opened = {door for door in doors(app) if door[1].startswith("/voice/sounds")}
        assert opened == {PLAYED}
        assert f"`{' '.join(PLAYED)}`" in DOORS.read_text(encoding="utf-8")
        async with client.get("/voice/sounds/..%2F..%2Fsecret.key.wav") as answer:
            assert answer.status == 404
        addresses = Sounds.of(app[HOUSE].fallback.bank, "").addresses
        async with client.get(f"{addresses['en', 'Goodbye.']}.wav") as answer:
            assert answer.status == 200
    lock.release()


def path_of(door: Door) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: PLACES.get(found[1], "x1"), door[1])


def app_of(client: Served) -> web.Application:
    app = client.app
    assert app is not None
    return app


@pytest.mark.parametrize("signature", [None, "", "AAAA", "é", "A" * 10_000])
async def test_no_webhook_without_its_signature(client: Served, signature: str | None) -> None:
    webhooks = {door for door in doors(app_of(client)) if door[1].startswith("/voice")} - {TONE}
    assert len(webhooks) >= 7
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    answers = {}
    for door in webhooks:
        async with client.request(door[0], path_of(door), data=FORM, headers=headers) as answer:
            answers[door] = answer.status
            assert "<Response" not in await answer.text()

    too_long = 400 if signature and len(signature) > 8190 else 403
    assert answers == dict.fromkeys(webhooks, too_long)


async def test_webhooks_are_posts(client: Served) -> None:
    webhooks = {door for door in doors(app_of(client)) if door[1].startswith("/voice")} - {TONE}

    assert {method for method, _ in webhooks} == {"POST"}


async def test_the_ringing_tone_is_anyones_and_says_nothing(client: Served) -> None:
    async with client.get(TONE[1]) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        with wave.open(io.BytesIO(await answer.read())) as sound:
            assert sound.getnframes() == 5 * sound.getframerate()


async def test_the_carriers_account_asks_for_its_token(client: Served) -> None:
    rest = {door for door in doors(app_of(client)) if door[1].startswith("/line")}
    assert len(rest) > 10
    for door in rest:
        for wrong in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Basic ???"}):
            async with client.request(door[0], path_of(door), headers=wrong) as answer:
                assert answer.status == 401, door
    keys = app_of(client)[HOUSE].secrets
    login = encode_basic_auth(keys.account, keys.token)
    calls = f"/line/2010-04-01/Accounts/{keys.account}/Calls.json"
    async with client.get(calls, headers={"Authorization": login}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "door", ["GET /line/2010-04-01/Accounts/{account}/Calls.json", "POST /voice/answer"]
)
async def test_bytes_that_are_no_text_are_refused(client: Served, door: str) -> None:
    """A header may hold any bytes; aiohttp hands them on as lone surrogates."""
    account = app_of(client)[HOUSE].secrets.account
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(
        f"{door.format(account=account)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        "Content-Length: 0\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n".encode()
        + b"Authorization: Basic \xff\xfe\r\nX-Twilio-Signature: \xff\xfe\r\n\r\n"
    )
    status = (await asyncio.wait_for(reader.readline(), DEADLINE)).split()[1]
    writer.close()
    await writer.wait_closed()

    assert status in {b"401", b"403"}


async def test_the_demonstration_is_for_this_machine(client: Served) -> None:
    """A name that points here from elsewhere is refused (DNS rebinding)."""
    shown = {door for door in doors(app_of(client)) if re.match(r"/phone(/|$)", door[1])}
    assert shown
    for door in shown:
        headers = {"Host": "phone.example"}
        async with client.request(door[0], path_of(door), headers=headers) as answer:
            assert answer.status == 403, door


WATCHERS = re.compile(r"/(metrics|ledger|undelivered)(/|$)")


async def test_the_ledger_and_the_figures_are_for_this_machine(client: Served) -> None:
    shown = {door for door in doors(app_of(client)) if WATCHERS.match(door[1])}
    assert len(shown) == 8
    for door in shown:
        headers = {"Host": "phone.example"}
        async with client.request(door[0], path_of(door), headers=headers) as answer:
            assert answer.status == 404, door


async def test_with_an_outside_carrier_the_ledger_is_there_and_no_demonstration(
    outside: Served,
) -> None:
    """Behind a proxy, with the token that opens the figures, too."""
    shown = {door for door in doors(app_of(outside)) if WATCHERS.match(door[1])}
    assert len(shown) == 8
    assert not {door for door in doors(app_of(outside)) if re.match(r"/(phone|demo)", door[1])}
    there = {"Host": "phone.example", "X-Forwarded-For": "203.0.113.9"}
    login = {**there, "Authorization": encode_basic_auth("wang", TOKEN)}
    async with outside.get("/ledger?lang=en", headers=login) as answer:
        assert answer.status == 200
        text = await answer.text()
        assert "Is anything missing?" in text
        assert "Demonstration" not in text
    for door in shown:
        async with outside.request(door[0], path_of(door), headers=there) as answer:
            assert answer.status == 401, door
            assert answer.headers.getall("WWW-Authenticate")[0] == "Bearer"
    again = "/ledger/work/7/again"
    foreign = {**login, "Origin": "https://evil.example"}
    async with outside.post(again, headers=foreign) as answer:
        assert answer.status == 403, "a browser keeps the password for other pages too"
    ours = {**login, "Origin": "https://phone.example"}
    async with outside.post(again, headers=ours) as answer:
        assert answer.status == 404
        assert "<html" in await answer.text(), "there is no such work; the page says so"


BEHIND_SIGN_IN = re.compile(r"/(admin|account|desk)(/|$)")


@pytest.mark.parametrize("demo", [True, False])
async def test_what_is_behind_sign_in_is_for_nobody_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo: bool
) -> None:
    """Whatever is added there: no page, and nothing changed, without a session; which roles are let
    in is `test_roles`."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(data_dir=tmp_path, demo=True) if demo else outside_settings(tmp_path)
    lock = open_folder(settings)
    migrated(tmp_path / "zhitong.db")
    async with TestClient(TestServer(await server.build_app(settings))) as client:
        shown = {door for door in doors(app_of(client)) if BEHIND_SIGN_IN.match(door[1])}
        assert len(shown) > 15
        for method, path in shown:
            for cookies in ({}, {"zhitong_session": "a" * 64}, {"__Host-zhitong": "a" * 64}):
                async with client.request(
                    method, path_of((method, path)), cookies=cookies, allow_redirects=False
                ) as answer:
                    assert answer.status == 303, (method, path)
                    assert answer.headers["Location"].startswith("/sign-in?"), (method, path)
            elsewhere = {"Origin": "https://evil.example"}
            if method != "GET":
                async with client.request(
                    method, path_of((method, path)), headers=elsewhere, allow_redirects=False
                ) as answer:
                    assert answer.status == 403, (method, path)
    lock.release()


ALL = frozenset(Role)
HANDLES = frozenset({Role.SUPERVISOR, Role.OFFICE})
SENDS = frozenset({Role.ADMIN, Role.SUPERVISOR})
DESK: Mapping[Door, frozenset[Role]] = {
    ("GET", "/desk"): ALL,
    ("GET", "/desk/mine"): frozenset({Role.OFFICIAL}),
    ("GET", "/desk/office/{office}"): ALL,
    ("GET", "/desk/cases/{reference}"): ALL,
    ("GET", "/desk/cases/{reference}/recordings/{sid}.wav"): ALL - {Role.AUDITOR},
    ("POST", "/desk/cases/{reference}/accept"): HANDLES,
    ("GET", "/desk/cases/{reference}/return"): HANDLES,
    ("POST", "/desk/cases/{reference}/return"): HANDLES,
    ("POST", "/desk/cases/{reference}/take-back"): HANDLES,
    ("GET", "/desk/cases/{reference}/topic"): HANDLES,
    ("POST", "/desk/cases/{reference}/topic"): HANDLES,
    ("GET", "/desk/cases/{reference}/recordings/{sid}/correction"): HANDLES,
    ("POST", "/desk/cases/{reference}/recordings/{sid}/correction"): HANDLES,
    ("GET", "/desk/undelivered"): SENDS,
    ("POST", "/desk/undelivered/work/{job}/again"): SENDS,
    ("POST", "/desk/undelivered/kinds/{kind}/again"): SENDS,
    ("POST", "/desk/undelivered/cases/{reference}/accept"): SENDS,
}
"""Who may knock at each of the desk's doors; whose case it is, is asked behind them."""


async def test_the_desk_opens_to_each_role_what_its_table_says(client: Served) -> None:
    """Also for a door that is added later: it stands in the table, or this fails."""
    house = app_of(client)[HOUSE]
    people = People(house.signing_in, house.factors, PeoplesClock())
    assert {door for door in doors(app_of(client)) if door[1].startswith("/desk")} == set(DESK)
    wrong = []
    for role in Role:
        cookies = await people.cookie(role)
        for door, allowed in DESK.items():
            async with client.request(
                door[0], path_of(door), cookies=cookies, allow_redirects=False
            ) as answer:
                if (answer.status == 403) is (role in allowed) or answer.status >= 500:
                    wrong.append((role, door, answer.status))

    assert wrong == []


async def test_what_stood_under_demo_leads_to_the_desk(client: Served) -> None:
    for path, place in (
        ("/demo/office", "/desk"),
        ("/demo/office/市水利局", "/desk/office/%E5%B8%82%E6%B0%B4%E5%88%A9%E5%B1%80"),
    ):
        async with client.get(path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (308, place)


async def test_the_phones_socket_refuses_a_foreign_page(client: Served) -> None:
    headers = {"Origin": "http://evil.example", "Upgrade": "websocket", "Connection": "Upgrade"}
    async with client.get("/phone/socket", headers=headers) as answer:
        assert answer.status == 403


async def test_every_door_stands_in_the_threat_model(client: Served) -> None:
    written = set(re.findall(r"`(GET|POST|PUT|DELETE) (/[^`]*)`", DOORS.read_text("utf-8")))

    found = {(method, ACCOUNT.sub("{account}", path)) for method, path in doors(app_of(client))}
    assert found == written - {PLAYED}
