"""The accounts as an admin keeps them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from routing.accounts.account import Account
from routing.accounts.roles import Role
from routing.second_factors import FRESH
from tests.people import OFFICE, PASSWORD, Client, served
from tests.routing.web.city import city

NEW = {"name": "Li.Na", "display_zh": "李娜", "display_en": "Li Na", "role": "office"}


async def posted(
    client: Client, path: str, form: Mapping[str, str], cookies: Mapping[str, str]
) -> tuple[int, str]:
    answer = await client.post(path, data=form, cookies=cookies, allow_redirects=False)
    return answer.status, answer.headers.get("Location") or await answer.text()


async def test_a_new_person_gets_a_password_once_and_chooses_another(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        status, text = await posted(client, "/admin/accounts/new", {**NEW, "office": OFFICE}, admin)
        assert status == 200
        told = re.search(r'data-testid="once">([^<]+)<', text)
        assert told is not None
        listed = await (await client.get("/admin/accounts", cookies=admin)).text()
        assert "li.na" in listed
        assert told[1] not in listed
        client.session.cookie_jar.clear()

        form = {"name": "li.na", "password": told[1]}
        first = await client.post("/sign-in", data=form, allow_redirects=False)
        assert first.status == 303
        change = {"old": told[1], "new": "short", "again": "short"}
        answer = await client.post("/account/password", data=change)
        assert answer.status == 422
        text = await answer.text()
        assert 'aria-describedby="new-fault new-hint"' in text
        assert told[1] not in text
        change = {"old": told[1], "new": PASSWORD, "again": PASSWORD}
        done = await client.post("/account/password", data=change, allow_redirects=False)
        assert done.headers["Location"] == "/account?done=password"
        assert (await client.get("/account")).status == 200


async def test_a_password_that_was_given_out_is_worth_nothing_after_three_days(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        auditor = await people.add(Role.AUDITOR, name="zhao")
        _, text = await posted(client, f"/admin/accounts/{auditor.id}/reset", {}, admin)
        told = re.search(r'data-testid="once">([^<]+)<', text)
        assert told is not None
        people.clock.at += timedelta(days=3)
        client.session.cookie_jar.clear()
        form = {"name": "zhao", "password": told[1]}
        assert (await client.post("/sign-in", data=form)).status == 422


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "<b>x"}, "用户名要以"),
        ({"name": "x" * 33}, "最多32个字"),
        ({"name": "admin-person"}, "已经有人用了"),
        ({"role": "emperor"}, "选一个角色"),
        ({"office": ""}, "选一个现有的单位"),
        ({"office": "no such office"}, "选一个现有的单位"),
        ({"display_zh": "a\nb"}, "姓名最多64个字"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        form = {**NEW, "office": OFFICE, **changed}
        status, text = await posted(client, "/admin/accounts/new", form, admin)
        assert status == 422
        assert said in text
        assert 'value="Li Na"' in text
        assert "新增账号</h1>" in text, "nobody has that name yet"
        assert "<b>x" not in text
        assert len(await people.signing_in.people.listed()) == 1


async def test_what_another_admin_changed_meanwhile_is_shown_and_not_overwritten(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        wang = await people.add(Role.ADMIN, name="wang")
        path = f"/admin/accounts/{wang.id}"
        before = await (await client.get(path, cookies=admin)).text()
        form = {"name": "wang", "role": "auditor", "seen": _seen(before)}
        assert (await posted(client, path, form, admin))[0] == 303

        late = {"name": "wang", "role": "admin", "display_en": "Wang", "seen": _seen(before)}
        status, text = await posted(client, path, late, admin)
        assert status == 422
        assert "刚才有别人改过这个账号" in text
        assert "wang · 审计" in text
        assert 'value="Wang"' in text
        again = {**late, "role": "auditor", "seen": _seen(text)}
        assert (await posted(client, path, again, admin))[0] == 303
        kept = await people.signing_in.people.of(wang.id)
        assert kept is not None
        assert (kept.role, kept.display_en) == (Role.AUDITOR, "Wang")


def _seen(text: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', text)
    assert found is not None
    return found[1]


async def test_a_closed_account_is_out_at_once(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        theirs = await people.cookie(Role.AUDITOR)
        auditor = people.known[Role.AUDITOR]
        assert (await client.get("/account", cookies=theirs)).status == 200
        path = f"/admin/accounts/{auditor.id}/close"
        assert (await posted(client, path, {"closed": "1"}, admin))[0] == 303
        client.session.cookie_jar.clear()
        gone = await client.get("/account", cookies=theirs, allow_redirects=False)
        assert gone.status == 303


async def test_nobody_closes_themselves_or_the_last_admin(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        own = people.known[Role.ADMIN]
        status, to = await posted(client, f"/admin/accounts/{own.id}/close", {"closed": "1"}, admin)
        assert (status, to) == (303, f"/admin/accounts/{own.id}?not=yourself")
        lesser = {"name": own.name, "role": "auditor"}
        status, text = await posted(client, f"/admin/accounts/{own.id}", lesser, admin)
        assert status == 422
        assert "不能停用自己" in text
        other = await people.add(Role.ADMIN, name="second")
        stays = await people.signing_in.people.of(own.id)
        assert stays is not None
        assert not stays.disabled
        closed = f"/admin/accounts/{other.id}/close"
        assert (await posted(client, closed, {"closed": "1"}, admin))[1].endswith("?done=1")


async def test_a_role_holds_from_the_next_request_on(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        other: Account = await people.add(Role.ADMIN, name="second")
        theirs = {"zhitong_session": await people.token(other)}
        assert (await client.get("/admin/accounts", cookies=theirs)).status == 200
        form = {"name": "second", "role": "auditor"}
        assert (await posted(client, f"/admin/accounts/{other.id}", form, admin))[0] == 303
        client.session.cookie_jar.clear()
        assert (await client.get("/admin/accounts", cookies=theirs)).status == 403


async def test_an_address_of_nobody_is_not_there(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        for path in ("/admin/accounts/" + "0" * 24, "/admin/accounts/x", "/admin/accounts/1"):
            assert (await client.get(path, cookies=admin)).status == 404


async def test_an_offices_page_asks_for_an_account_of_its_own(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, people):
        cookies = await people.cookie(Role.ADMIN)
        for office, chosen in ((OFFICE, True), ("nowhere", False), ("<script>", False)):
            asked = {"office": office}
            async with client.get("/admin/accounts/new", params=asked, cookies=cookies) as answer:
                text = await answer.text()
            assert answer.status == 200
            assert (f'<option value="{OFFICE}" selected>' in text) is chosen
            assert "<script>" not in text


async def test_a_screen_that_was_left_open_gives_nobody_a_password(tmp_path: Path) -> None:
    """Least of all the admin whose screen it is: their old password would have been asked."""
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        mine = people.known[Role.ADMIN]
        people.clock.at += FRESH
        made = {**NEW, "office": OFFICE}
        ways = ("new", f"{mine.id}/reset", f"{mine.id}/close", mine.id)
        answers = {way: await posted(client, f"/admin/accounts/{way}", made, admin) for way in ways}

        assert answers == dict.fromkeys(ways, (303, "/sign-in?again=1"))
        assert [one.name for one in await people.signing_in.people.listed()] == [mine.name]
        again = {"name": mine.name, "password": PASSWORD}
        assert await posted(client, "/sign-in", again, admin) == (303, "/account/kept")
        asked = await client.get("/admin/accounts/new", cookies=admin, allow_redirects=False)
        assert asked.headers["Location"].startswith("/sign-in"), "the session before is over"


async def test_a_kept_form_about_accounts_says_what_it_is(tmp_path: Path) -> None:
    """It may be another's who has a copy of the cookie, and waits for the owner's next sign-in."""
    async with served(tmp_path) as (client, people):
        client.session.cookie_jar.update_cookies(await people.cookie(Role.ADMIN))
        people.clock.at += FRESH
        await client.post("/admin/accounts/new", data={**NEW, "role": "admin"})
        again = {"name": people.known[Role.ADMIN].name, "password": PASSWORD}
        async with client.post("/sign-in", data=again) as answer:
            text = await answer.text()

        assert answer.url.path == "/account/kept"
        assert "这份内容会改变谁能登录" in text


async def test_an_official_has_a_number_of_the_own_office_and_nobody_else_has_one(
    tmp_path: Path,
) -> None:
    lines = city().numbers.values()
    own = next(one.e164 for one in lines if one.office == OFFICE)
    other = next(one.e164 for one in lines if one.office != OFFICE)
    form = {**NEW, "office": OFFICE, "role": "official"}
    async with served(tmp_path) as (client, people):
        admin = await people.cookie(Role.ADMIN)
        for number in (other, "+8613900000012", "<script>"):
            status, text = await posted(
                client, "/admin/accounts/new", {**form, "line": number}, admin
            )
            assert status == 422
            assert 'id="line-fault"' in text
            assert "<script>" not in text
        assert (await posted(client, "/admin/accounts/new", {**form, "line": own}, admin))[0] == 200
        known = {one.name: one for one in await people.signing_in.people.listed()}
        assert known["li.na"].actor.line == own

        handler = {**form, "name": "wang", "role": "office", "line": own}
        assert (await posted(client, "/admin/accounts/new", handler, admin))[0] == 200
        known = {one.name: one for one in await people.signing_in.people.listed()}
        assert known["wang"].line is None
