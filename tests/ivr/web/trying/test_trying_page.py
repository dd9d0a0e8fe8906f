"""The page that plays a call: what it says, refuses beside the field and never writes."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ivr.flow.world import Plan
from ivr.web.trying.page import TRYING_PAGES, TryingDesk, trying_routes
from routing.accounts.roles import Role
from routing.findings import Finding, Level
from routing.web.rules.page import RULES_PAGES
from tests.ivr.ruled import ruled
from tests.people import Client, PeoplesClock, served

CALL = {
    "caller": "139 0000 0012",
    "dialled": "0558-000 0021",
    "at": "2026-11-24T10:00",
    "language": "zh",
    "line": "",
}
NONE: Mapping[int, Plan] = {}
WATER = "0558-000 0030"
OFFICER = "+8613800000101"
HOSTILE = '<script>alert(1)</script>"'


@contextlib.asynccontextmanager
async def asked(
    folder: Path,
    plan: Plan,
    role: Role = Role.ADMIN,
    drafted: Plan | None = None,
    earlier: Mapping[int, Plan] = NONE,
) -> AsyncIterator[Client]:
    """Signed in as somebody of this role; the draft is `drafted`, or cannot be compiled. Of
    `earlier` plans each was in force on the day of November that is its number."""

    async def draft() -> tuple[Plan | None, tuple[Finding, ...]]:
        says = {"zh-CN": "草稿里有一条规则写错了。", "en": "a rule of the draft is wrong"}
        return drafted, (Finding("refused", Level.ERROR, says),)

    async def version(number: int) -> Plan | None:
        return earlier.get(number)

    async def in_force(at: datetime) -> int | None:
        return max((number for number in earlier if number <= at.day), default=None)

    zone = ZoneInfo("Asia/Shanghai")
    desk = TryingDesk(lambda: plan, draft, version, in_force, PeoplesClock(), zone)
    async with served(folder, trying_routes(desk), (RULES_PAGES, TRYING_PAGES)) as (client, people):
        client.session.cookie_jar.update_cookies(await people.cookie(role))
        yield client


async def sent(client: Client, status: int = 200, lang: str = "zh", **more: str) -> str:
    """The page's answer to a call."""
    async with client.post(f"/admin/try?lang={lang}", data={**CALL, **more}) as answer:
        assert answer.status == status
        return await answer.text()


async def test_a_call_is_played_and_its_decision_explained(tmp_path: Path, demo_plan: Plan) -> None:
    async with asked(tmp_path, demo_plan, drafted=demo_plan) as client:
        async with client.get("/admin/try") as empty:
            form = await empty.text()
        text = await sent(client, line='2 2 "停水了" # 拒接')
        english = await sent(client, lang="en", language="en", line="2 1 #")

    assert "从头打一遍" in form
    assert 'data-testid="played"' not in form
    for words in ("求助按2", "登记工单：市公安局", "发短信到", "响铃20秒", "拒接", "代接人"):
        assert words in text
    assert "规则“" in text
    assert "适用：交由市公安局" in text
    assert 'action="/admin/scenarios/keep"' in text
    assert "139 0000 0012" in text
    assert "+8613900000012" not in text
    assert "For a question, 1" in english or "question" in english
    assert "A case is opened" in english
    assert "9 2 1 #" in english


async def test_it_goes_on_step_by_step(tmp_path: Path, demo_plan: Plan) -> None:
    async with asked(tmp_path, demo_plan, drafted=demo_plan) as client:
        first = await sent(client)
        assert '<button name="move" value="2"' in first
        assert "规则还没有决定去处" in first
        second = await sent(client, line="2", move="2")
        assert 'name="line" value="2 2"' in second
        back = await sent(client, line="2 2", do="back")
        assert 'name="line" value="2"' in back
        said = await sent(client, line="2 2", do="words", words=f"停水 {HOSTILE}")
        assert "<script>alert" not in said
        keyed = await sent(client, line="1", do="keys", keys="0558 000")
        assert "已按 0558000" in keyed


async def test_what_cannot_be_read_is_said_beside_its_field(
    tmp_path: Path, demo_plan: Plan
) -> None:
    async with asked(tmp_path, demo_plan, drafted=demo_plan) as client:
        text = await sent(client, 422, caller="x", dialled="12", at="soon", line=f"2 {HOSTILE}")

    for name in ("caller", "dialled", "at", "line"):
        assert f'id="{name}-fault"' in text
    assert text.count('aria-invalid="true"') == 4
    assert "<script>alert" not in text
    assert 'value="soon"' in text


async def test_a_draft_that_cannot_be_compiled_says_why_and_the_plan_that_runs_is_tried(
    tmp_path: Path, demo_plan: Plan
) -> None:
    async with asked(tmp_path, demo_plan, Role.AUDITOR) as client:
        draft = await sent(client, line="2 1 #")
        runs = await sent(client, line="2 1 #", plan="published")

    assert "草稿里有一条规则写错了" in draft
    assert "登记工单" not in draft
    assert "登记工单" in runs
    assert "/admin/scenarios/keep" not in runs


async def test_an_earlier_version_is_tried_by_its_number_or_as_it_was_in_force(
    tmp_path: Path, demo_plan: Plan
) -> None:
    night = {"office": "市水利局", "how": "case_only"}
    rule = {"id": "all", "name": "第三版的规则", "when": {}, "then": night, "enabled": True}
    third = replace(ruled(f"rule {json.dumps(rule)}", demo_plan), number=3)
    earlier = {3: third, 20: replace(demo_plan, number=20)}
    async with asked(tmp_path, demo_plan, drafted=demo_plan, earlier=earlier) as client:
        line = "2 2 “停水了” #"
        old = await sent(client, line=line, plan="version", version="3")
        then = await sent(client, line=line, plan="in_force", at="2026-11-05T10:00")
        later = await sent(client, line=line, plan="in_force")
        faults = [
            await sent(client, 422, line=line, plan="version", version=odd)
            for odd in ("4", "", "x", HOSTILE, "99999999999", "-1", "0")
        ]
        before = await sent(client, 422, line=line, plan="in_force", at="2026-11-02T10:00")

    assert "按第3版方案" in old
    assert "第三版的规则" in old
    assert "第三版的规则" in then
    assert "按第20版方案" in later
    assert "第三版的规则" not in later
    assert 'name="version" value="3"' in old, "the next key is for the same version"
    assert "/admin/scenarios/keep" not in old
    for fault in faults:
        assert 'id="version-fault"' in fault
        assert 'data-testid="played"' not in fault
    assert 'id="plan-fault"' in before


async def test_a_case_alone_lists_no_phones(tmp_path: Path, demo_plan: Plan) -> None:
    then = {"office": "市水利局", "how": "case_only"}
    rule = {"id": "all", "name": "只登记", "when": {}, "then": then, "enabled": True}
    plan = ruled(f"rule {json.dumps(rule)}", demo_plan)
    async with asked(tmp_path, demo_plan, drafted=plan) as client:
        alone = await sent(client, line="2 1 “停水了” #")
        through = await sent(client, line="2 1 “停水了” #", plan="published")

    assert 'data-testid="case-only"' in alone
    assert 'data-testid="phones"' not in alone
    assert 'data-testid="case-only"' not in through
    assert 'data-testid="phones"' in through


async def test_an_officials_phone_is_not_for_those_who_may_not_read_the_plan(
    tmp_path: Path, demo_plan: Plan
) -> None:
    async with asked(tmp_path, demo_plan, Role.OFFICE) as client:
        await sent(client, 403)


DUTY = {
    "duty": {
        "name": "公安值班",
        "name_en": "Police duty",
        "office": "市公安局",
        "members": [
            {"id": "ann", "name": "一号值班员", "name_en": "the first officer", "phone": OFFICER}
        ],
        "shifts": [{"member": "ann", "hours": "Mon-Sun 00:00-24:00"}],
    }
}


def leading(then: Mapping[str, Any], plan: Plan) -> Plan:
    rule = {"id": "all", "name": "试行", "when": {}, "then": then, "enabled": True}
    return ruled(f"rule {json.dumps(rule)}", plan)


async def test_whoever_is_rung_is_called_by_name_in_the_readers_language(
    tmp_path: Path, demo_plan: Plan
) -> None:
    """Not by an id, nor by what they are."""
    roster = ruled(f"roster {json.dumps(DUTY)}", demo_plan)
    on_duty = leading({"office": "市公安局", "ring": [{"roster": "duty"}]}, roster)
    transfer = {"office": "市公安局", "how": "transfer", "service": "12345"}
    async with asked(tmp_path, on_duty, drafted=leading(transfer, demo_plan)) as client:
        english = await sent(client, lang="en", line="2 1 #", plan="published")
        chinese = await sent(client, line="2 1 #", plan="published")
        passed_on = await sent(client, lang="en", line="2 1")

    assert "on duty: Police duty the first officer" in english
    assert "值班表 公安值班 一号值班员" in chinese
    assert demo_plan.directory.public_services["12345"]["en"] in passed_on.split("The call, ")[1]


async def test_who_is_at_work_is_said_of_the_moment_at_which_the_rules_were_asked(
    tmp_path: Path, demo_plan: Plan
) -> None:
    """Ringing goes on into the lunch break; whoever declined was rung, too."""
    async with asked(tmp_path, demo_plan, drafted=demo_plan) as client:
        text = await sent(client, line="2 1 # 拒接 无人接听", at="2026-11-24T11:59", dialled=WATER)

    phones = text.split('data-testid="phones"')[1].split("</ol>")[0]
    assert phones.count("<li>") == 2
    assert "不在上班时间" not in phones
