"""The register's pages: what they list, keep in the draft, refuse and never lose."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from routing.accounts.roles import Role
from routing.city import demo_sheets
from routing.drafts.change import Edit
from routing.sheets.entities import EntityKind, entities
from routing.web.register.page import RegisterDesk, register_routes
from tests.routing.web.register.editors import EDIT, ONE, Register, asked, form, value

HOSTILE = '<script>alert(1)</script>"=1+1'


async def test_numbers_are_found_by_their_words_status_and_page(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, _):
        first = await (await client.get("/admin/numbers")).text()
        second = await (await client.get("/admin/numbers?page=2")).text()
        found = await (await client.get("/admin/numbers", params={"q": "0558-0000021"})).text()
        none = await (await client.get("/admin/numbers?status=withdrawn&q=none&page=99")).text()

        assert "共81个号码" in first
        assert first.count('<th scope="row"') == 50
        assert second.count('<th scope="row"') == 31
        assert found.count('<th scope="row"') == 1
        assert "没有符合条件的号码" in none


async def test_a_listing_that_ends_within_sixty_days_is_shown(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        before = await (await client.get("/admin/numbers?status=expired")).text()
        numbers = demo_sheets().numbers.replace("2036-02-07", "2026-12-31", 2)
        numbers = numbers.replace("2036-02-07", "2026-11-23", 1)
        await register.publish(replace(demo_sheets(), numbers=numbers))
        soon = await (await client.get("/admin/numbers?status=expiring")).text()
        over = await (await client.get("/admin/numbers?status=expired")).text()

        assert soon.count('<th scope="row"') == 2
        assert over.count('<th scope="row"') == before.count('<th scope="row"') + 1


async def test_a_number_is_changed_in_the_draft_alone(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        _, sent = await form(client, EDIT)
        sent.update(
            post="第一书记", forward_to="139 0000 0012；0558-0010001", valid_until="2027-03-01"
        )
        answer = await client.post(EDIT, data=sent, allow_redirects=False)

        assert answer.status == 303
        body = await register.body("number", ONE)
        assert body is not None
        assert body["post"] == "第一书记"
        assert body["forward_to"] == "+8613900000012;+865580010001"
        change = await register.drafts.change("number", ONE)
        assert change is not None
        assert change.base == await register.number()
        assert (change.over, change.by.name) == (1, "admin-person")
        listed = await (await client.get(answer.headers["Location"])).text()
        assert "已存入草稿" in listed
        assert "已改，未发布" in listed


async def test_a_form_sent_as_it_was_changes_nothing(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        for kind, section in (("office", "offices"), ("topic", "topics"), ("contact", "contacts")):
            key = next(iter(entities(demo_sheets(), EntityKind(kind))))
            url = f"/admin/{section}/edit"
            page = await client.get(url, params={"key": key})
            _, sent = await form(client, str(page.url.relative()))
            answer = await client.post(url, params={"key": key}, data=sent, allow_redirects=False)
            assert answer.status == 303, await answer.text()

        assert (await register.drafts.draft()).changes == ()


@pytest.mark.parametrize(
    ("tongue", "says"), [("zh", "没有“无此局”这个单位。"), ("en", "there is no office")]
)
async def test_a_fault_stands_beside_its_field_and_what_was_typed_is_shown_again(
    tmp_path: Path, tongue: str, says: str
) -> None:
    async with asked(tmp_path) as (client, register):
        _, sent = await form(client, EDIT)
        sent.update(office="无此局", published_on="2/8/2026", post=HOSTILE)
        answer = await client.post(f"{EDIT}&lang={tongue}", data=sent)
        page = await answer.text()

        assert answer.status == 422
        assert HOSTILE not in page
        assert 'value="&lt;script&gt;' in page
        assert '<a href="#published_on">' in page
        assert re.search(r'id="published_on"[^>]*aria-describedby="published_on-fault"', page)
        assert (await register.drafts.draft()).changes == ()
        sent.update(published_on="2026-02-08")
        page = await (await client.post(f"{EDIT}&lang={tongue}", data=sent)).text()
        assert re.search(r'<small id="office-fault" class="fault">([^<]*)', page)
        assert says in page.replace("&#39;", "'")


async def test_a_row_without_its_key_is_refused_at_the_field(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        said = {}
        for section in ("numbers", "offices", "topics", "contacts", "services", "readings"):
            answer = await client.post(f"/admin/{section}/new", data={})
            said[section] = (answer.status, "不能空着" in await answer.text())
        long = await client.post("/admin/readings/new", data={"text": "长" * 300, "language": "en"})

        assert said == dict.fromkeys(said, (422, True))
        assert long.status == 422
        assert (await register.drafts.draft()).changes == ()


async def test_two_who_edit_at_once_lose_nothing(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        _, sent = await form(client, EDIT)
        was = await register.number()
        await register.somebody(Edit("number", ONE, {**was, "post": "她写的"}, was, 1))
        sent["post"] = "我写的"
        answer = await client.post(EDIT, data=sent)
        page = await answer.text()

        assert answer.status == 422
        assert "别人改成了：她写的" in page
        assert value(page, "post") == "我写的"
        assert (await register.body("number", ONE) or {})["post"] == "她写的"
        sent["seen"] = value(page, "seen")
        assert (await client.post(EDIT, data=sent, allow_redirects=False)).status == 303
        assert (await register.body("number", ONE) or {})["post"] == "我写的"


async def test_a_publication_in_between_is_a_conflict_too(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        _, sent = await form(client, EDIT)
        numbers = demo_sheets().numbers.replace(",市委书记,Party", ",别的职务,Party", 1)
        await register.publish(replace(demo_sheets(), numbers=numbers))
        answer = await client.post(EDIT, data=sent)

        assert answer.status == 422
        assert "别人改成了：别的职务" in await answer.text()


async def test_a_number_is_added_and_taken_out_again(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        _, sent = await form(client, EDIT)
        new = {**sent, "number": "0558-0000099", "seen": ""}
        twice = await client.post("/admin/numbers/new", data=sent)
        assert twice.status == 422
        assert "出现了两次" in await twice.text()
        answer = await client.post("/admin/numbers/new", data=new, allow_redirects=False)
        assert answer.status == 303, await answer.text()

        key = "+865580000099"
        change = await register.drafts.change("number", key)
        assert change is not None
        assert change.base is None
        url = f"/admin/numbers/edit?key=%2B{key[1:]}"
        _, sent = await form(client, url)
        gone = await client.post(url, data={**sent, "do": "remove"}, allow_redirects=False)
        assert gone.status == 303
        assert (await register.drafts.draft()).changes == ()
        assert (await client.get(url)).status == 404


async def test_an_office_shows_its_ladder_and_takes_a_further_rung(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        tree = await (await client.get("/admin/offices")).text()
        office = await (await client.get("/admin/offices/edit", params={"key": "市公安局"})).text()
        page, sent = await form(client, "/admin/contacts/new?office=市公安局&order=4")
        sent.update(post="副局长", post_en="Deputy", email="deputy@yunling.example", after="60")
        answer = await client.post("/admin/contacts/new", data=sent, allow_redirects=False)

        assert tree.count("<ul>") > 1
        assert tree.index("市委") < tree.index("市政府") < tree.index("市公安局")
        assert office.count('<li value="') == 3
        assert "新增联系人" in page
        assert answer.status == 303, await answer.text()
        assert (await register.body("contact", "市公安局/4") or {})["post"] == "副局长"


@pytest.mark.parametrize(
    ("role", "reads", "edits"),
    [
        (Role.ADMIN, 200, 200),
        (Role.SUPERVISOR, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.OFFICE, 403, 403),
        (Role.OFFICIAL, 403, 403),
    ],
)
async def test_each_role_may_what_the_table_says(
    tmp_path: Path, role: Role, reads: int, edits: int
) -> None:
    async with asked(tmp_path, role) as (client, register):
        for url in ("/admin/numbers", "/admin/offices", "/admin/topics", "/admin/export", EDIT):
            assert (await client.get(url)).status == reads, url
        for url in ("/admin/numbers/new", "/admin/import"):
            assert (await client.get(url)).status == edits, url
        if edits == 403:
            for url in ("/admin/numbers/new", EDIT, "/admin/import", "/admin/import/take"):
                assert (await client.post(url)).status == 403, url
            assert (await register.drafts.draft()).changes == ()


async def test_nobody_comes_in_without_signing_in(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        client.session.cookie_jar.clear()
        for route in register_routes(register.desk):
            url = route.path.replace("{section}", "numbers")
            url = url.replace("{number}", ONE)
            answer = await client.request(route.method, url, allow_redirects=False)
            assert answer.status == 303, url
            assert answer.headers["Location"].startswith("/sign-in"), url
        assert isinstance(register, Register)
        assert isinstance(register.desk, RegisterDesk)


async def test_another_page_changes_nothing(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        for url in (EDIT, "/admin/import", "/admin/import/take"):
            answer = await client.post(url, headers={"Origin": "https://evil.example"})
            assert answer.status == 403
        assert (await register.drafts.draft()).changes == ()
