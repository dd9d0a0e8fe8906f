"""The page that plays a call: what it says, refuses beside the field and never writes."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.flow.world import Plan
from ivr.web.trying.page import TRYING_PAGES, TryingDesk, trying_routes
from routing.accounts.roles import Role
from routing.findings import Finding, Level
from routing.web.rules.page import RULES_PAGES
from tests.people import Client, PeoplesClock, served

CALL = {
    "caller": "139 0000 0012",
    "dialled": "0558-000 0021",
    "at": "2026-11-24T10:00",
    "language": "zh",
    "line": "",
}
HOSTILE = '<script>alert(1)</script>"'


@contextlib.asynccontextmanager
async def asked(
    folder: Path, plan: Plan, role: Role = Role.ADMIN, drafted: Plan | None = None
) -> AsyncIterator[Client]:
    """Signed in as somebody of this role; the draft is `drafted`, or cannot be compiled."""

    async def draft() -> tuple[Plan | None, tuple[Finding, ...]]:
        says = {"zh-CN": "草稿里有一条规则写错了。", "en": "a rule of the draft is wrong"}
        return drafted, (Finding("refused", Level.ERROR, says),)

    desk = TryingDesk(lambda: plan, draft, PeoplesClock(), ZoneInfo("Asia/Shanghai"))
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


async def test_an_officials_phone_is_not_for_those_who_may_not_read_the_plan(
    tmp_path: Path, demo_plan: Plan
) -> None:
    async with asked(tmp_path, demo_plan, Role.OFFICE) as client:
        await sent(client, 403)
