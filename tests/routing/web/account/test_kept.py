"""What was typed is found again by the same person where it was sent after their session ended."""

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import FormData, web

from routing.accounts.account import IDLE
from routing.accounts.roles import Role
from routing.web.account.kept import MOST_TEXT
from routing.web.entry import signed_in
from routing.web.parts import parts_of
from tests.people import NOBODY, PASSWORD, served
from tests.routing.web.account.test_sign_in import sign_in

TAKEN: list[dict[str, str]] = []


@signed_in(Role.ADMIN)
async def take(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    TAKEN.append({name: told for name, told in form.items() if isinstance(told, str)})
    return web.Response(text="taken")


@signed_in(Role.ADMIN, files=True)
async def take_files(_: web.Request) -> web.Response:
    return web.Response(text="taken")


EDITED = {"reason": "第一行\n<b>第二行</b>", "rule": "r7", "new_password": "never kept"}


async def test_a_form_that_was_sent_too_late_keeps_what_was_typed(tmp_path: Path) -> None:
    TAKEN.clear()
    async with served(tmp_path, [web.post("/edit", take)]) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        await sign_in(client, "wang", PASSWORD)
        people.clock.at += IDLE + timedelta(minutes=1)
        late = await client.post("/edit?draft=3", data=EDITED, allow_redirects=False)
        assert late.headers["Location"] == "/sign-in?kept=1"
        assert TAKEN == []
        assert (await sign_in(client, "wang", PASSWORD))[1] == "/account/kept"
        text = await (await client.get("/account/kept")).text()
        assert 'action="/edit?draft=3"' in text
        assert "&lt;b&gt;第二行&lt;/b&gt;" in text
        assert "never kept" not in text
        assert "<dt>原因</dt>" in text
        assert "<dt>rule</dt>" not in text
        assert "<code>/edit?draft=3</code>" in text, "a button by itself may be an approval"
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text)
        assert [name for name, _ in fields] == ["reason", "rule"]


async def test_a_session_that_was_ended_elsewhere_keeps_what_was_typed(tmp_path: Path) -> None:
    async with served(tmp_path, [web.post("/edit", take)]) as (client, people):
        wang = await people.add(Role.ADMIN, name="wang")
        await sign_in(client, "wang", PASSWORD)
        await people.signing_in.sessions.revoke_all(wang.id, people.clock.at)
        late = await client.post("/edit?draft=3", data=EDITED, allow_redirects=False)
        assert late.headers["Location"] == "/sign-in?kept=1"
        assert (await client.get("/account", allow_redirects=False)).status == 303

        assert (await sign_in(client, "wang", PASSWORD))[1] == "/account/kept"
        text = await (await client.get("/account/kept")).text()
        assert "&lt;b&gt;第二行&lt;/b&gt;" in text
        assert "有人结束了这次登录" in text


async def test_what_an_ended_session_kept_shows_all_that_it_would_do(tmp_path: Path) -> None:
    """Whoever has a copy of its cookie may have laid it there."""
    approve = "/admin/proposals/5/approve"
    async with served(tmp_path, [web.post(approve, take)]) as (client, people):
        wang = await people.add(Role.ADMIN, name="wang")
        await sign_in(client, "wang", PASSWORD)
        await people.signing_in.sessions.revoke_all(wang.id, people.clock.at)
        await client.post(approve, data={"do": "remove", "seen": "7"})

        assert (await sign_in(client, "wang", PASSWORD))[1] == "/account/kept"
        text = await (await client.get("/account/kept")).text()
        assert f"<code>{approve}</code>" in text
        assert [text.count(f'<dd class="told">{told}</dd>') for told in ("remove", "7")] == [1, 1]


async def test_a_session_that_was_ended_keeps_nothing_for_another_nor_of_accounts(
    tmp_path: Path,
) -> None:
    routes = [web.post("/edit", take), web.post("/admin/accounts/x/y", take)]
    async with served(tmp_path, routes) as (client, people):
        wang = await people.add(Role.ADMIN, name="wang")
        await people.add(Role.AUDITOR, name="zhao")
        await sign_in(client, "wang", PASSWORD)
        await people.signing_in.sessions.revoke_all(wang.id, people.clock.at)
        made = await client.post("/admin/accounts/x/y", data=EDITED, allow_redirects=False)
        assert made.headers["Location"].startswith("/sign-in?next=")
        await client.post("/edit", data=EDITED)
        assert (await sign_in(client, "zhao", PASSWORD))[1] == "/account"
        gone = await client.get("/account/kept", allow_redirects=False)
        assert gone.headers["Location"] == "/account"


async def test_who_was_given_a_password_finds_the_form_once_they_have_their_own(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, [web.post("/edit", take)]) as (client, people):
        wang = await people.add(Role.ADMIN, name="wang")
        await sign_in(client, "wang", PASSWORD)
        given = await people.signing_in.reset(wang, NOBODY)
        await client.post("/edit", data=EDITED)
        await sign_in(client, "wang", given)
        asked = await client.get("/account/kept", allow_redirects=False)
        assert asked.headers["Location"] == "/account/password"
        own = "a long password of wang's own, said twice"
        form = {"old": given, "new": own, "again": own}
        changed = await client.post("/account/password", data=form, allow_redirects=False)
        assert changed.headers["Location"] == "/account/kept"


async def test_of_a_form_with_a_file_the_words_are_kept_and_the_file_is_asked_for(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, [web.post("/edit", take_files)]) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        await sign_in(client, "wang", PASSWORD)
        people.clock.at += IDLE + timedelta(minutes=1)
        data = FormData({"seen": "7"}, quote_fields=False)  # as browsers do
        data.add_field("file", b"x" * 100_000, filename="<方案>.yaml")
        data.add_field("text", "粘贴的内容")
        data.add_field("password", "never kept")
        await client.post("/edit", data=data)
        await sign_in(client, "wang", PASSWORD)
        text = await (await client.get("/account/kept")).text()

    assert 'name="file" type="file" aria-describedby="file-1-again"' in text
    assert "请重新选择“&lt;方案&gt;.yaml”" in text
    assert re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text) == [
        ("seen", "7"),
        ("text", "粘贴的内容"),
    ]
    assert 'enctype="multipart/form-data"' in text


async def test_a_form_with_more_words_than_are_kept_is_not_kept_by_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.web.account.kept.MOST_TEXT", 60_000)
    async with served(tmp_path, [web.post("/edit", take_files)]) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        await sign_in(client, "wang", PASSWORD)
        people.clock.at += IDLE + timedelta(minutes=1)
        data = FormData({"text": "x" * 60_001})
        data.add_field("file", b"x", filename="x.yaml")
        late = await client.post("/edit", data=data, allow_redirects=False)
        assert late.headers["Location"].startswith("/sign-in?next=")


async def test_a_plan_that_was_pasted_is_kept_whole_and_goes_as_it_came(tmp_path: Path) -> None:
    plan = "rules:\n" + "- name: 水务\n" * 20_000
    sent: list[str] = []

    @signed_in(Role.ADMIN, files=True)
    async def take_parts(request: web.Request) -> web.Response:
        parts = await parts_of(request, 2 * MOST_TEXT)
        sent.extend(part.text for part in parts or () if part.name == "text")
        return web.Response(text="taken")

    async with served(tmp_path, [web.post("/edit", take_parts)]) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        await sign_in(client, "wang", PASSWORD)
        people.clock.at += IDLE + timedelta(minutes=1)
        data = FormData({"text": plan}, quote_fields=False, default_to_multipart=True)
        data.add_field("content", "aGlkZGVu", content_type="text/plain")
        await client.post("/edit", data=data)
        await sign_in(client, "wang", PASSWORD)
        page = await (await client.get("/account/kept")).text()
        [again] = re.findall(r'name="text" value="([^"]*)"', page)
        data = FormData({"text": html.unescape(again)}, default_to_multipart=True)
        await client.post("/edit", data=data)

    assert sent == [plan]
    assert 'enctype="multipart/form-data"' in page
    assert f"（共{len(plan)}个字符，提交时全部保留）" in page
    assert page.count("水务") < 2 * plan.count("水务"), "what is shown of it is its beginning"
    assert "<dd" not in page[page.index("aGlkZGVu") - 200 : page.index("aGlkZGVu")]


async def test_what_one_person_typed_is_not_shown_to_another(tmp_path: Path) -> None:
    async with served(tmp_path, [web.post("/edit", take)]) as (client, people):
        await people.add(Role.ADMIN, name="wang")
        await people.add(Role.AUDITOR, name="zhao")
        await sign_in(client, "wang", PASSWORD)
        people.clock.at += IDLE + timedelta(minutes=1)
        await client.post("/edit", data=EDITED)
        assert (await sign_in(client, "zhao", PASSWORD))[1] == "/account"
        gone = await client.get("/account/kept", allow_redirects=False)
        assert gone.headers["Location"] == "/account"


async def test_a_stranger_leaves_nothing_to_be_kept(tmp_path: Path) -> None:
    async with served(tmp_path, [web.post("/edit", take)]) as (client, _):
        client.session.cookie_jar.update_cookies({"zhitong_session": "a" * 64})
        answer = await client.post("/edit", data=EDITED, allow_redirects=False)
        assert answer.headers["Location"] == "/sign-in?next=%2Faccount".replace("%2F", "/")
