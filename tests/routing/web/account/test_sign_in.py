"""Signing in as a person does it, over a real database, and as somebody does it who should not."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from routing.accounts.roles import Role
from tests.people import NOBODY, PASSWORD, Client, People, served

FOREIGN = {"Origin": "https://evil.example"}


async def sign_in(client: Client, name: str, password: str, **more: str) -> tuple[int, str, str]:
    """Status, where to, and the page."""
    form = {"name": name, "password": password, "next": "/account", **more}
    answer = await client.post("/sign-in", data=form, allow_redirects=False)
    return answer.status, answer.headers.get("Location", ""), await answer.text()


def cookie(client: Client, name: str = "zhitong_session") -> str:
    found = client.session.cookie_jar.filter_cookies(client.make_url("/")).get(name)
    return "" if found is None else found.value


async def test_a_person_signs_in_and_out_and_the_token_is_worth_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        assert await sign_in(client, "ＷＡＮＧ ", PASSWORD, next="/account?a=1") == (
            303, "/account?a=1", "303: See Other",
        )  # fmt: skip
        token = cookie(client)
        assert len(token) == 64
        assert "wang" in await (await client.get("/account")).text()
        out = await client.post("/sign-out", allow_redirects=False)
        assert out.headers["Location"] == "/sign-in?out=1"
        assert cookie(client) == ""
        again = await client.get(
            "/account", cookies={"zhitong_session": token}, allow_redirects=False
        )
        assert again.status == 303


async def test_the_cookie_is_shut_off_from_scripts_and_other_sites(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        form = {"name": "wang", "password": PASSWORD}
        answer = await client.post("/sign-in", data=form, allow_redirects=False)
        told = answer.cookies["zhitong_session"]
        assert (told["httponly"], told["samesite"], told["path"]) == (True, "Lax", "/")
        assert (told["max-age"], told["expires"], told["domain"]) == ("", "", "")


async def test_an_unknown_name_and_a_wrong_password_read_alike(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        gone = await people.add(Role.AUDITOR, name="left")
        disabled = replace(gone, disabled=True)
        assert await people.signing_in.change(gone, disabled, frozenset(), NOBODY) == ()
        told = [
            (await sign_in(client, name, password))
            for name, password in (("wang", "not it"), ("nobody", "not it"), ("left", PASSWORD))
        ]
        plain = [(s, to, re.sub(r'value="\w+"', "", text)) for s, to, text in told]
        assert plain[0][0] == 422
        assert plain[0] == plain[1] == plain[2]
        assert "用户名或密码不对" in plain[0][2]


async def test_a_guesser_waits_longer_each_time_and_a_name_that_is_none_does_too(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        waits = {}
        for name in ("wang", "nobody"):
            for _ in range(5):
                await sign_in(client, name, "not it")
            _, _, text = await sign_in(client, name, PASSWORD)
            waits[name] = "秒后再试" in text
        assert waits == {"wang": True, "nobody": True}
        people.clock.at += timedelta(minutes=6)
        assert (await sign_in(client, "wang", PASSWORD))[0] == 303


async def test_a_strangers_guesses_keep_nobody_out_where_they_signed_in_before(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        assert (await sign_in(client, "wang", PASSWORD))[0] == 303
        for _ in range(8):
            headers = {"X-Forwarded-For": "203.0.113.9"}
            form = {"name": "wang", "password": "not it"}
            await client.post("/sign-in", data=form, headers=headers)
        assert (await sign_in(client, "wang", PASSWORD))[0] == 303


async def test_a_token_from_before_is_not_the_token_after(tmp_path: Path) -> None:
    """Session fixation: whoever put a cookie there beforehand gains nothing."""
    async with served(tmp_path) as (client, people):
        account = await people.add(Role.ADMIN, name="wang")
        planted = "a" * 64
        client.session.cookie_jar.update_cookies({"zhitong_session": planted})
        await sign_in(client, "wang", PASSWORD)
        assert cookie(client) != planted
        assert await people.signing_in.session_of(planted) is None
        before = cookie(client)
        await sign_in(client, "wang", PASSWORD)
        assert await people.signing_in.session_of(before) is None, "its browser has another"
        await enrolled(people, account)
        await sign_in(client, "wang", PASSWORD)
        half = cookie(client, "zhitong_half")
        await second(client, totp(people, await key_of(people, account)))
        assert await people.signing_in.session_of(half, whole=False) is None
        assert await people.signing_in.session_of(half) is None


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/account/password"])
async def test_another_page_signs_nobody_in_or_out(tmp_path: Path, path: str) -> None:
    async with served(tmp_path) as (client, people):
        cookies = await people.cookie(Role.ADMIN)
        answer = await client.post(path, data={}, cookies=cookies, headers=FOREIGN)
        assert answer.status == 403


async def test_the_way_on_never_leads_to_another_host(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        for asked in ("//evil.example", "https://evil.example", "/\\evil.example"):
            assert (await sign_in(client, "wang", PASSWORD, next=asked))[1] == "/account"


async def key_of(people: People, account: object) -> str:
    phone = await people.factors.factors.totp(account.id)  # type: ignore[attr-defined]  # an Account
    assert phone is not None
    return phone.key


def totp(people: People, key: str) -> str:
    return pyotp.HOTP(key).at(int(people.clock.at.timestamp()) // 30)


async def enrolled(people: People, account: object) -> tuple[str, ...]:
    """A phone for this account; the codes on paper."""
    session = await people.signing_in.session_of(await people.token(account))  # type: ignore[arg-type]  # an Account
    assert session is not None
    await people.factors.offer(session)
    offer = await people.factors.offered(session)
    assert offer is not None
    codes = await people.factors.confirm(session, totp(people, offer.key))
    assert isinstance(codes, tuple)
    people.clock.at += timedelta(seconds=30)
    return codes


async def second(client: Client, code: str) -> tuple[int, str]:
    answer = await client.post(
        "/sign-in/second", data={"code": code, "next": "/account"}, allow_redirects=False
    )
    return answer.status, answer.headers.get("Location", "")


async def test_six_digits_are_asked_and_taken_once(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        account = await people.add(Role.ADMIN, name="wang")
        await enrolled(people, account)
        key = await key_of(people, account)
        assert (await sign_in(client, "wang", PASSWORD))[1].startswith("/sign-in/second?next=")
        assert (await client.get("/account", allow_redirects=False)).status == 303, "not yet"
        assert (await second(client, "000000"))[0] == 422
        code = totp(people, key)
        assert await second(client, code) == (303, "/account")
        await sign_in(client, "wang", PASSWORD)
        assert (await second(client, code))[0] == 422, "a code that was overheard"
        people.clock.at += timedelta(seconds=30)
        assert await second(client, totp(people, key)) == (303, "/account")


async def test_a_code_on_paper_stands_in_for_the_phone_once(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        account = await people.add(Role.ADMIN, name="wang")
        codes = await enrolled(people, account)
        assert len(set(codes)) == 10
        await sign_in(client, "wang", PASSWORD)
        assert await second(client, codes[3].lower().replace("-", " ")) == (303, "/account")
        await sign_in(client, "wang", PASSWORD)
        assert (await second(client, codes[3]))[0] == 422
        assert await people.factors.factors.codes_left(account.id) == 9


async def test_six_digits_are_not_guessed(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        account = await people.add(Role.ADMIN, name="wang")
        await enrolled(people, account)
        await sign_in(client, "wang", PASSWORD)
        for _ in range(6):
            await second(client, "000000")
        code = totp(people, await key_of(people, account))
        assert (await second(client, code))[0] == 422, "the right one waits too"


async def test_the_second_step_asks_for_the_password_again_after_ten_minutes(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as (client, people):
        account = await people.add(Role.ADMIN, name="wang")
        await enrolled(people, account)
        await sign_in(client, "wang", PASSWORD)
        people.clock.at += timedelta(minutes=11)
        code = totp(people, await key_of(people, account))
        assert await second(client, code) == (303, "/sign-in?late=1")


async def test_whoever_is_sent_to_sign_in_finds_it_in_their_language(tmp_path: Path) -> None:
    english = {"Accept-Language": "en"}
    async with served(tmp_path) as (client, _):
        at_first = await (await client.get("/account", headers=english)).text()
        chosen = await (await client.get("/account?lang=zh", headers=english)).text()

    assert '<html lang="en">' in at_first
    assert '<html lang="zh-CN">' in chosen
