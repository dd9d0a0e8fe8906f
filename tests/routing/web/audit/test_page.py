"""`/admin/audit` as HTTP: for admins and auditors alone, read only, safe with whatever it shows."""

import csv
import html
import io
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from routing.accounts.roles import Role
from routing.audit import Action, Entry, Fault
from routing.trail import Search
from routing.web.audit.page import MOST
from routing.web.wording import Tongue, read_wording
from storage.audit import erasure
from tests.routing.web.audit.shown import HOSTILE, shown

DOORS = [("GET", ""), ("POST", "/verify"), ("POST", "/export")]


def numbers(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-number="(\d+)"', page)]


def csv_rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_for_admins_and_auditors_alone(tmp_path: Path, method: str, path: str) -> None:
    async with shown(tmp_path) as it:
        url, answers = f"/admin/audit{path}", {}
        async with it.client.request(method, url, allow_redirects=False) as answer:
            assert answer.status == 303
        for role in Role:
            cookies = await it.people.cookie(role)
            async with it.client.request(method, url, cookies=cookies) as answer:
                answers[role] = answer.status
        may = {Role.ADMIN, Role.AUDITOR}
        assert answers == {role: 200 if role in may else 403 for role in Role}


async def test_another_page_takes_nothing_out(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        status, _ = await it.post("export", {}, headers={"Origin": "https://evil.example"})
        assert status == 403
        assert await it.audit.search(Search(action=Action.EXPORTED), most=9) == []


def test_every_action_and_fault_has_words() -> None:
    words = read_wording([Path("routing/web/audit/words.toml")])
    for tongue in Tongue:
        assert {*words.part("action", tongue)} == {*map(str, Action)}
        assert {*words.part("chain", tongue)} == {*map(str, Fault)}


async def test_entries_are_shown_with_names_times_and_details(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        await it.note(Action.PLAN_PUBLISHED, "plan:2", reason="节前", before={"hours": ""})
        page = await it.text()
        assert "published" in page
        assert "王芳" in page
        assert "Tue 24 Nov, 10:00" in page
        assert "<b>Reason</b> 节前" in page
        assert "hours: —" in page
        assert "发布" in await it.text("/admin/audit?lang=zh")
        of_a_case = {"plan": 2, "topic": "water", "rule": "r1", "recording": "RE1"}
        await it.note(Action.CASE_SORTED, "case:1", **of_a_case)
        page = await it.text("/admin/audit?lang=zh")
        for called in ("版本", "事项", "规则", "录音"):
            assert f"<b>{called}</b>" in page


async def test_what_one_page_does_not_reach_the_next_looks_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.web.audit.page.LOOKED", 3)
    async with shown(tmp_path) as it:
        await it.note(Action.PLAN_PUBLISHED, "plan:2", reason="needle")
        for _ in range(7):
            await it.note(Action.SIGNED_OUT, "session:1")
        url, pages, said = "/admin/audit?text=needle", list[list[int]](), list[str]()
        while url:
            page = await it.text(url)
            pages.append(numbers(page))
            further = re.search(r'rel="next" href="([^"]+)"', page)
            assert ('data-testid="looked"' in page) is (further is not None)
            url = "" if further is None else html.unescape(further[1])
            said += re.findall(r'class="empty" role="status">([^<]+)', page)
        assert len(pages) > 2
        assert pages[0] == []
        assert sum(map(len, pages)) == 1
        assert said[0] == "查到这里，还没有符合条件的记录。"
        assert set(said[1:]) == {"这一段里没有符合条件的记录。"}
        assert "已经查到第一条" in await it.text("/admin/audit?text=needle&before=1")


async def test_nothing_that_is_shown_becomes_markup(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        await it.note(
            Action.DRAFT_CHANGED, f"office:{HOSTILE}", **{HOSTILE: HOSTILE, "x": [HOSTILE]}
        )
        page = await it.text(f"/admin/audit?text={quote(HOSTILE)}")
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;alert") == 6


async def test_a_search_keeps_what_was_typed_and_finds_it(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        await it.note(Action.PLAN_PUBLISHED, "plan:2", reason="节前")
        last = await it.note(Action.NUMBER_SUSPENDED, "number:+865580000021", reason="骚扰")
        page = await it.text(f"/admin/audit?who=王芳&action={Action.NUMBER_SUSPENDED}&text=骚扰")
        assert numbers(page) == [last]
        assert 'value="王芳"' in page
        assert f'value="{Action.NUMBER_SUSPENDED}" selected' in page
        assert numbers(await it.text("/admin/audit?since=2026-11-24&until=2026-11-24&who=7")) == [
            last,
            last - 1,
        ]
        assert numbers(await it.text("/admin/audit?until=2026-11-23&who=7")) == []


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-02-30", "since=9999-12-31", "action=nothing"]
)
async def test_what_means_nothing_is_told_beside_its_field(tmp_path: Path, query: str) -> None:
    async with shown(tmp_path) as it:
        name, _, typed = query.partition("=")
        page = await it.text(f"/admin/audit?lang=en&{query}", status=422)
        assert f'aria-describedby="{name}-fault"' in page
        assert f'id="{name}-fault"' in page
        if name != "action":
            assert f'value="{typed}"' in page


async def test_many_are_turned_over(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        for n in range(MOST + 5):
            await it.note(Action.DRAFT_CHANGED, f"office:{n}")
        page = await it.text("/admin/audit?action=draft.changed")
        first = numbers(page)
        assert len(first) == MOST
        older = re.search(r'rel="next" href="([^"]+)"', page)
        assert older is not None
        rest = await it.text(older[1].replace("&amp;", "&"))
        assert len(numbers(rest)) == 5
        assert max(numbers(rest)) < min(first)
        assert 'rel="next"' not in rest
        beyond = await it.text("/admin/audit?action=draft.changed&before=99999999999999999999")
        assert numbers(beyond) == first


async def test_the_chain_is_verified_on_demand(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        number = await it.note(Action.DRAFT_CHANGED, "office:1")
        _, page = await it.post("verify?lang=en", {})
        assert "Verified: all" in page
        assert (await it.audit.head()).hash in page
        async with it.database.unit_of_work() as unit:
            await unit.execute(text("DROP TRIGGER audit_no_update"))
            await unit.execute(text(f"UPDATE audit SET actor = 'x' WHERE number = {number}"))  # noqa: S608 - ours
        _, page = await it.post("verify?lang=en", {})
        assert f"Entry {number} does not hold: it was altered." in page
        _, page = await it.post("verify?lang=zh", {})
        assert f"第{number}条对不上：这一条被改动过" in page


async def test_what_was_found_is_taken_out_as_a_table_and_that_is_an_entry(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        await it.note(Action.PLAN_PUBLISHED, "plan:2", reason="=cmd")
        await it.audit.append(
            Entry("=1+1", Action.PLAN_PUBLISHED, "plan:3", it.people.clock.at, {"by": HOSTILE})
        )
        status, file = await it.post("export", {"action": "plan.published"})
        assert status == 200
        assert [row["subject"] for row in csv_rows(file)] == ["plan:2", "plan:3"]
        assert csv_rows(file)[1]["actor"] == "'=1+1"
        (told,) = [
            row
            for row in csv_rows((await it.post("export", {}))[1])
            if row["subject"] == "audit:some"
        ]
        assert told["by"] == "auditor-person"
        assert '"action": "plan.published"' in told["values"]


async def test_erased_details_are_said_to_be(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        number = await it.note(Action.PLAN_PUBLISHED, "plan:2", reason="节前")
        await it.audit.erase(number, erasure(number, "7", "asked", it.people.clock.at))
        page = await it.text("/admin/audit?lang=en&action=plan.published")
        assert '<em class="quiet">erased</em>' in page
        assert "节前" not in page
