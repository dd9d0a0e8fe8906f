"""The pages of rules: what they list, keep in the draft, refuse and never lose, over a real
database, the demonstration city published as plan 1."""

import contextlib
import json
import re
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deployment.editing import looked
from ivr.library.plans import Inputs
from routing.accounts.roles import Role
from routing.drafts.change import Author, Edit
from routing.rules.document import ORDER
from routing.web.rules import lists
from routing.web.rules.page import RULES_PAGES, Looked, RulesDesk, rules_routes
from storage.drafts import StoredDrafts
from tests.databases import database_at
from tests.people import Client, PeoplesClock, served

SOMEBODY = Author("other", "lin")
HOSTILE = '<script>alert(1)</script>"'
NIGHT = {
    "name": "夜间停水",
    "kind": ["help", "-"],
    "topic": "water",
    "open": "closed",
    "weekly": "Mon-Sun 00:00-06:00 22:00-24:00",
    "office": "市水利局",
    "how": "case_only",
    "enabled": "1",
    "confidential": "1",
    "ring_1": "office",
    "ring_1_key": "市水利局",
    "ring_1_seconds": "25",
    "ring_1_press": "1",
}


@dataclass
class Rules:
    """The desk, and the plan that it takes for the newest."""

    drafts: StoredDrafts
    document: dict[str, Any]
    earlier: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Bodies of versions, each in force on the day of the month that is its number."""

    async def body(self, kind: str, key: str) -> Any:
        """What the draft has of an entity."""
        change = await self.drafts.change(kind, key)
        assert change is not None, f"the draft has no {kind} {key}"
        return change.body


@contextlib.asynccontextmanager
async def asked(
    folder: Path, inputs: Inputs, role: Role = Role.ADMIN, rules: int = 0
) -> AsyncIterator[tuple[Client, Rules]]:
    """A client signed in as somebody of this role, over a plan with so many written rules."""
    database, clock = await database_at(folder / "rules.db"), PeoplesClock()
    made = Rules(StoredDrafts(database), json.loads(inputs.to_text()))
    if rules:
        listed = [a_rule(n) for n in range(1, rules + 1)]
        made.document["rules"] = json.dumps({"schema": 1, "drawn": True, "rules": listed})

    async def newest() -> tuple[int, dict[str, Any]]:
        return 1, made.document

    async def look(document: Any) -> Looked:
        return looked(document, datetime(2026, 11, 24, 2, 0, tzinfo=UTC))

    async def version(number: int) -> dict[str, Any] | None:
        return made.earlier.get(number)

    async def in_force(at: datetime) -> int | None:
        return max((number for number in made.earlier if number <= at.day), default=None)

    zone = ZoneInfo("Asia/Shanghai")
    desk = RulesDesk(made.drafts, newest, look, clock, zone, version, in_force)
    try:
        async with served(folder, rules_routes(desk), (RULES_PAGES,)) as (client, people):
            client.session.cookie_jar.update_cookies(await people.cookie(role))
            yield client, made
    finally:
        await database.close()


def a_rule(n: int) -> dict[str, Any]:
    return {
        "id": f"r{n}",
        "name": f"第{n}条",
        "when": {"topic": ["tax"]},
        "then": {"office": "市税务局", "how": "put_through"},
    }


async def page_of(client: Client, url: str, status: int = 200) -> str:
    async with client.get(url) as answer:
        assert answer.status == status
        return await answer.text()


async def seen_of(client: Client, url: str) -> str:
    text = await page_of(client, url)
    return text.partition('name="seen" value="')[2].partition('"')[0]


async def test_the_list_shows_what_is_drawn_behind_what_was_written(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs, rules=2) as (client, _):
        text = await page_of(client, "/admin/rules")
        found = await page_of(client, "/admin/rules?q=供水排水")
        english = await page_of(client, "/admin/rules?lang=en")

        assert "其中自定2条" in text
        rows = text.partition("data-order")[2]
        assert rows.index("第1条") < rows.index("第2条") < rows.index("由名录生成")
        assert "永远轮不到" in text  # the second has the first one's condition
        assert "第1条" not in found.partition("data-order")[2]
        assert "the topic is tax" in english


async def test_two_thousand_rules_come_fifty_at_a_time_and_beside_the_calls(
    tmp_path: Path, demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Putting them into words takes half a second of a core: on the loop no call would be answered
    meanwhile."""
    worded, on_the_loop = lists._line, set[bool]()

    def noted(*parts: Any) -> Any:
        on_the_loop.add(threading.current_thread() is threading.main_thread())
        return worded(*parts)

    monkeypatch.setattr(lists, "_line", noted)
    async with asked(tmp_path, demo_inputs, rules=2000) as (client, _):
        first = await page_of(client, "/admin/rules")
        last = await page_of(client, "/admin/rules?page=40")
        found = await page_of(client, "/admin/rules?q=r1999")

        assert first.count('<li class="card"') == 50
        assert "第2000条" in last
        assert found.count('<li class="card"') == 1
    assert on_the_loop == {False}


async def test_a_rule_is_kept_in_the_draft_and_shown_again(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, rules):
        answer = await client.post("/admin/rules/new", data=NIGHT, allow_redirects=False)
        assert answer.status == 303

        assert await rules.body("rule", "rule-1") == {
            "id": "rule-1",
            "name": "夜间停水",
            "when": {
                "kind": ["help", None],
                "topic": ["water"],
                "open": {"is": False, "office": None},
                "weekly": "Mon-Sun 00:00-06:00 22:00-24:00",
            },
            "then": {
                "office": "市水利局",
                "how": "case_only",
                "confidential": True,
                "ring": [{"office": "市水利局", "seconds": 25}],
            },
        }
        text = await page_of(client, "/admin/rules/edit?id=rule-1")
        assert '<datalist id="targets"><option value="市委">' in text
        assert 'name="ring_5_key" value="" list="targets"' in text
        assert 'value="夜间停水"' in text
        assert 'name="topic" value="water" checked' in text
        assert "夜间停水" in await page_of(client, "/admin/rules")


async def test_what_cannot_be_taken_stands_beside_its_field_and_nothing_is_lost(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, rules):
        wrong = {**NIGHT, "name": HOSTILE, "weekly": "always", "dialled": "110", "office": ""}
        answer = await client.post("/admin/rules/new", data=wrong)
        text = await answer.text()

        assert answer.status == 422
        assert 'aria-describedby="weekly-fault-1"' in text
        faulty = text.partition('data-testid="faults"')[2].partition("</section>")[0]
        places = re.findall(r'href="#(\w+)"', faulty)
        assert sorted(places) == ["dialled", "office", "weekly"], "what is wrong is a step away"
        assert [place for place in places if f' id="{place}"' not in text] == []
        assert "无法识别时段" in text
        assert "名录里没有110这个公开号码" in text
        assert "请选择交给哪个单位" in text
        assert 'value="always"' in text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text
        assert await rules.drafts.change("rule", "rule-1") is None


async def test_two_who_edit_at_once_lose_nothing(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs, rules=1) as (client, rules):
        url = "/admin/rules/edit?id=r1"
        seen = await seen_of(client, url)
        theirs = {**a_rule(1), "name": "对方改的"}
        edit = Edit("rule", "r1", theirs, a_rule(1), 1)
        await rules.drafts.save([edit], SOMEBODY, datetime(2026, 11, 24, tzinfo=UTC))

        answer = await client.post(url, data={**NIGHT, "seen": seen})
        text = await answer.text()

        assert answer.status == 409
        assert "对方改的" in text
        assert 'value="夜间停水"' in text
        assert (await rules.body("rule", "r1"))["name"] == "对方改的"
        again = text.partition('name="seen" value="')[2].partition('"')[0]
        kept = await client.post(url, data={**NIGHT, "seen": again}, allow_redirects=False)
        assert kept.status == 303
        assert (await rules.body("rule", "r1"))["name"] == "夜间停水"


@pytest.mark.parametrize(
    ("id_", "to", "order"),
    [
        ("r1", "down", ["r2", "r1", "r3"]),
        ("r3", "up", ["r1", "r3", "r2"]),
        ("r3", "1", ["r3", "r1", "r2"]),
        ("r1", "99", ["r2", "r3", "r1"]),
    ],
)
async def test_a_rule_is_moved_without_any_script(
    tmp_path: Path, demo_inputs: Inputs, id_: str, to: str, order: list[str]
) -> None:
    async with asked(tmp_path, demo_inputs, rules=3) as (client, rules):
        seen = await seen_of(client, "/admin/rules")
        sent = {"id": id_, "to": to, "seen": seen}
        answer = await client.post("/admin/rules/move", data=sent, allow_redirects=False)

        assert answer.status == 303
        assert await rules.body("rule_order", ORDER) == {"order": order, "drawn": True}
        again = await client.post("/admin/rules/move", data=sent)
        assert again.status == 409
        assert "别人刚刚调整了规则的顺序" in await again.text()


async def test_a_rule_is_taken_out_and_the_drawn_ones_are_written_out(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs, rules=1) as (client, rules):
        url = "/admin/rules/edit?id=r1"
        sent = {"do": "remove", "seen": await seen_of(client, url)}
        assert (await client.post(url, data=sent, allow_redirects=False)).status == 303
        assert await rules.body("rule", "r1") is None
        assert "没有这条规则" in await page_of(client, url, 404)

        out = await client.post("/admin/rules/write-out", allow_redirects=False)
        assert out.status == 303
        text = await page_of(client, "/admin/rules?q=default")
        assert "现在只用自定的规则" in text
        assert (await rules.body("rule_order", ORDER))["drawn"] is False


async def test_a_call_is_tried_with_each_rule_that_did_not_apply(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs, rules=1) as (client, rules):
        query = {
            "dialled": "+865580000021",
            "kind": "help",
            "topic": "water",
            "at": "2026-12-01T03:00",
        }
        async with client.post("/admin/try/facts", data=query) as answer:
            text = await answer.text()

        assert "交由市水利局" in text
        assert "规则“第1条”不适用：要求事项是税务，而这里事项是供水排水。" in text
        assert "那时该单位已经下班" in text
        for at in ("soon", "0001-01-01T00:00", "9999-12-31T23:59"):
            async with client.post("/admin/try/facts", data={**query, "at": at}) as answer:
                assert "请填写日期和时间" in await answer.text()
            await client.post("/admin/scenarios/keep", data={**query, "at": at, "name": "x"})
        assert await rules.drafts.change("scenario", "example-1") is None


async def test_facts_are_asked_of_a_number_as_pages_show_it(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, rules):
        sent = {"dialled": "0558-0000021", "at": "2026-12-01T10:00", "name": "早上"}
        async with client.post("/admin/try/facts", data=sent) as answer:
            assert "交由市公安局" in await answer.text()
        await client.post("/admin/scenarios/keep", data=sent)

        body = await rules.body("scenario", "example-1")
        assert body["expected"] == {"office": "市公安局", "how": "put_through"}


async def test_what_was_tried_is_kept_as_an_example_that_must_hold(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, rules):
        sent = {
            "dialled": "+865580000021",
            "topic": "water",
            "at": "2026-12-01T10:00",
            "name": HOSTILE,
        }
        kept = await client.post("/admin/scenarios/keep", data=sent, allow_redirects=False)
        assert kept.status == 303
        body = await rules.body("scenario", "example-1")
        assert body["expected"] == {"office": "市水利局", "how": "put_through"}

        text = await page_of(client, "/admin/scenarios")
        assert "通过：交由市水利局" in text
        assert "<script>alert" not in text

        other = {**NIGHT, "office": "市公安局", "open": "", "weekly": "", "kind": []}
        await client.post("/admin/rules/new", data=other)
        text = await page_of(client, "/admin/scenarios")
        assert "有1个场景不通过" in text
        assert "应交由市水利局，结果是市公安局" in text


async def test_facts_are_asked_of_an_earlier_version(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, rules):
        whole = {"schema": 1, "drawn": True, "rules": [{**a_rule(1), "when": {}}]}
        rules.earlier[3] = {**rules.document, "rules": json.dumps(whole)}
        about = {"dialled": "+865580000021", "topic": "water", "at": "2026-12-05T10:00"}

        async def told(status: int = 200, **more: str) -> str:
            async with client.post("/admin/try/facts", data={**about, **more}) as answer:
                assert answer.status == status
                return await answer.text()

        assert "交由市水利局" in await told(plan="published")
        for text in (await told(plan="version", version="3"), await told(plan="in_force")):
            assert "交由市税务局" in text
            assert "/admin/scenarios/keep" not in text
        for odd in ("4", "", "x", HOSTILE):
            assert 'id="version-fault"' in await told(422, plan="version", version=odd)
        early = await told(422, plan="in_force", at="2026-12-01T10:00")
        assert 'id="plan-fault"' in early
        assert "适用：" not in early


async def test_proposed_examples_are_taken_and_taken_out_again(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, rules):
        sent = [("id", "topic-water"), ("id", "topic-tax"), ("id", "nothing")]
        await client.post("/admin/scenarios/accept", data=sent)
        text = await page_of(client, "/admin/scenarios")

        assert text.count("通过：") == 2
        seen = text.partition('name="seen" value="')[2].partition('"')[0]
        out = {"id": "topic-water", "seen": seen}
        await client.post("/admin/scenarios/remove", data=out)
        assert (await rules.drafts.change("scenario", "topic-water")) is None
        again = await client.post("/admin/scenarios/remove", data=out)
        assert again.status == 409

        await client.post("/admin/scenarios/accept", data={"all": "1"})
        text = await page_of(client, "/admin/scenarios")
        assert 'data-testid="proposed"' not in text
        assert "不通过：" not in text


async def test_who_may_only_read_sees_no_button(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs, Role.AUDITOR, rules=1) as (client, _):
        assert "新增规则" not in await page_of(client, "/admin/rules")
        assert "存入草稿" not in await page_of(client, "/admin/rules/edit?id=r1")
        assert (await client.post("/admin/rules/new", data=NIGHT)).status == 403
        for url in ("move", "write-out"):
            assert (await client.post(f"/admin/rules/{url}")).status == 403
