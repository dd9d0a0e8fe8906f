"""The door of the pages behind sign-in: who is let in, who is sent where, and what is refused."""

import ipaddress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from routing.accounts.account import IDLE, LONGEST
from routing.accounts.roles import Role
from routing.web.entry import (
    FRONT_DOOR,
    HERE,
    Cookies,
    FrontDoor,
    actor_of,
    safe_next,
    signed_in,
    visitor_of,
)
from storage.errors import StorageError
from tests.doorman import stand_at
from tests.people import NOBODY, OFFICE, served


@signed_in(Role.ADMIN, Role.OFFICE)
async def who(request: web.Request) -> web.StreamResponse:
    actor = actor_of(request)
    return web.json_response([actor.name, actor.role, actor.office])


@signed_in()
async def nobodys(request: web.Request) -> web.StreamResponse:
    return web.Response(text="seen")


def door_of() -> FrontDoor:
    """One that nobody goes through."""
    app = web.Application()
    stand_at(app)
    return app[FRONT_DOOR]


ROUTES = (web.get("/who", who), web.post("/who", who), web.get("/nobodys", nobodys))


async def test_a_stranger_is_sent_to_sign_in_and_back(tmp_path: Path) -> None:
    async with served(tmp_path, ROUTES) as (client, _):
        answer = await client.get("/who?a=1&b=%E4%B8%AD", allow_redirects=False)

        assert answer.status == 303
        assert answer.headers["Location"] == "/sign-in?next=/who?a%3D1%26b%3D%25E4%25B8%25AD"


async def test_a_role_that_was_named_is_let_in_and_no_other(tmp_path: Path) -> None:
    async with served(tmp_path, ROUTES) as (client, people):
        answers = {}
        for role in Role:
            cookies = await people.cookie(role)
            answer = await client.get("/who", cookies=cookies, allow_redirects=False)
            answers[role] = answer.status
            if role is Role.OFFICE:
                assert await answer.json() == ["office-person", "office", OFFICE]
            nothing = await client.get("/nobodys", cookies=cookies, allow_redirects=False)
            assert nothing.status == 403

        allowed = {Role.ADMIN, Role.OFFICE}
        assert answers == {role: 200 if role in allowed else 403 for role in Role}


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_another_page_changes_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    async with served(tmp_path, ROUTES) as (client, people):
        cookies = await people.cookie(Role.ADMIN)

        assert (await client.post("/who", cookies=cookies, headers=headers)).status == 403
        assert (await client.post("/who", cookies=cookies)).status == 200


async def test_a_session_ends_when_idle_when_old_and_when_ended(tmp_path: Path) -> None:
    async with served(tmp_path, ROUTES) as (client, people):
        began = people.clock.at
        account = await people.add(Role.ADMIN)

        async def status(token: str) -> int:
            cookies = {"zhitong_session": token}
            return (await client.get("/who", cookies=cookies, allow_redirects=False)).status

        idle = await people.token(account)
        people.clock.at += IDLE - timedelta(seconds=1)
        assert await status(idle) == 200
        people.clock.at += IDLE
        assert await status(idle) == 303
        people.clock.at = began
        old = await people.token(account)
        while people.clock.at < began + LONGEST - timedelta(minutes=20):
            people.clock.at += timedelta(minutes=20)
            assert await status(old) == 200
        people.clock.at += timedelta(minutes=20)
        assert await status(old) == 303
        left = await people.token(account)
        for _ in range(2):
            people.clock.at += IDLE / 2 - timedelta(seconds=1)
            cookies = {"zhitong_session": left}
            assert (await client.get("/who?part=1", cookies=cookies)).status == 200
        people.clock.at += timedelta(seconds=3)
        assert await status(left) == 303, "a page that renews itself is nobody at work"
        ended = await people.token(account)
        assert await status(ended) == 200
        await people.signing_in.sessions.revoke_all(account.id, people.clock.at)
        assert await status(ended) == 303


async def test_a_password_that_was_given_out_opens_nothing_but_its_change(tmp_path: Path) -> None:
    async with served(tmp_path, ROUTES) as (client, people):
        account = await people.add(Role.ADMIN)
        await people.signing_in.reset(account, NOBODY)
        cookies = {"zhitong_session": await people.token(account)}
        answer = await client.get("/who", cookies=cookies, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/account/password")
        assert (await client.get("/account/password", cookies=cookies)).status == 200


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "evil.example",
        "/sign-out",
        "/sign-in?next=/sign-in",
        "/" + "a" * 2000,
        "",
    ],
)
def test_a_next_that_leads_elsewhere_leads_to_ones_own_account(asked: str) -> None:
    assert safe_next(asked) == "/account"


def test_a_next_of_ours_is_kept() -> None:
    assert safe_next("/admin/rules?page=2#r7") == "/admin/rules?page=2#r7"


PROXY = ipaddress.ip_network("10.0.0.5/32")


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.5", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.5", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.5", ["2001:db8:1:2:3::9"], "2001:db8:1:2::/64"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["not an address"], "127.0.0.1"),
        ("10.0.0.6", ["203.0.113.9"], "10.0.0.6"),
        ("8.8.8.8", ["203.0.113.9"], "8.8.8.8"),
        ("::ffff:8.8.8.8", ["203.0.113.9"], "8.8.8.8"),
        ("2001:db8::1", [], "2001:db8::/64"),
        ("2001:db8::2", [], "2001:db8::/64"),
    ],
)
def test_only_a_proxy_of_ours_is_believed_whom_it_speaks_for(
    peer: str, told: list[str], address: str
) -> None:
    app = web.Application()
    app[FRONT_DOOR] = replace(door_of(), proxies=(*HERE, PROXY))
    headers = CIMultiDict([("X-Forwarded-For", one) for one in told])
    request = make_mocked_request("GET", "/", headers=headers, app=app).clone(remote=peer)
    assert visitor_of(request).address == address


def test_over_https_no_other_host_can_set_our_cookie() -> None:
    response = web.Response()
    cookies = Cookies(secure=True)
    cookies.put(response, cookies.session, "a")
    told = response.cookies["__Host-zhitong"]
    assert (told["secure"], told["path"], told["domain"], told["httponly"]) == (True, "/", "", True)


async def test_a_database_that_cannot_be_reached_is_said_and_lets_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path, ROUTES) as (client, people):
        cookies = await people.cookie(Role.ADMIN)

        async def broken(*_: object) -> None:
            raise StorageError("the disk is full: free some room")

        assert client.app is not None
        monkeypatch.setattr(type(client.app[FRONT_DOOR].signing_in.sessions), "of", broken)
        answer = await client.get("/who", cookies=cookies)
        assert answer.status == 503
        assert "the disk is full" not in await answer.text(), "nobody knows who asks"
