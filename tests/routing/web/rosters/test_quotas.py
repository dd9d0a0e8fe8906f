"""Officials' live calls: what differs from the usual is typed into the draft, refused beside its
field, and never over another's; who has used theirs today is seen."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from deployment.plans import plan_inputs
from deployment.publishing import desk_of
from deployment.settings import Settings
from ivr.flow.world import Plan
from routing.accounts.roles import Role
from routing.drafts.change import Author, Edit
from routing.rules.quota import Quota
from routing.web.rosters.page import ROSTER_PAGES
from routing.web.rosters.quotas import QuotaDesk, quota_routes
from storage.drafts import StoredDrafts
from storage.plans import StoredPlans
from tests.databases import database_at
from tests.people import Client, PeoplesClock, served

LEADER: Final = "+865580000001"
EDIT: Final = f"/admin/quotas/edit?key=%2B{LEADER[1:]}"
FORM: Final = {
    "live": "6",
    "burst": "",
    "escalations": "2",
    "hours": "2026-12-01 15:00-16:00\n2026-12-08  15:00 - 16:00\n\n",
    "seen": "0",
}
HOURS: Final = [
    {"day": "2026-12-01", "time": "15:00-16:00"},
    {"day": "2026-12-08", "time": "15:00-16:00"},
]


@contextlib.asynccontextmanager
async def asked(
    folder: Path, plan: Plan, role: Role = Role.ADMIN
) -> AsyncIterator[tuple[Client, StoredDrafts]]:
    """Somebody of this role, and the draft behind the pages."""
    database, clock, settings = (
        await database_at(folder / "x.db"),
        PeoplesClock(),
        Settings(demo=True),
    )
    await StoredPlans(database, clock).publish(plan_inputs(settings).to_text())

    async def used(_: datetime) -> Mapping[tuple[str, str], int]:
        return {(LEADER, "day 2026-11-24"): 4, (LEADER, "escalation 2026-11-24"): 1}

    desk = QuotaDesk(
        desk_of(settings, database, clock),
        lambda: plan.directory,
        dict,
        Quota,
        used,
        clock,
        ZoneInfo("Asia/Shanghai"),
    )
    try:
        async with served(folder, quota_routes(desk), (ROSTER_PAGES,)) as (client, people):
            client.session.cookie_jar.update_cookies(await people.cookie(role))
            yield client, StoredDrafts(database)
    finally:
        await database.close()


async def test_a_quota_is_typed_kept_in_the_draft_and_taken_back(
    tmp_path: Path, demo_plan: Plan
) -> None:
    async with asked(tmp_path, demo_plan) as (client, drafts):
        empty = await (await client.get("/admin/quotas?q=0558-000 0001")).text()
        assert "没有单独规定" in empty
        assert EDIT in empty
        kept = await (await client.post(EDIT, data=FORM)).text()

        change = await drafts.change("quota", LEADER)
        assert change is not None
        assert change.body == {"live": 6, "escalations": 2, "hours": HOURS}
        assert "已改，未发布" in kept
        form = await (await client.get(f"{EDIT}&lang=en")).text()
        assert "2026-12-08 15:00-16:00" in form
        revision = {"seen": str(change.revision), "do": "remove"}
        await client.post(EDIT, data={**FORM, **revision})
        assert await drafts.change("quota", LEADER) is None
        assert (await client.get("/admin/quotas/edit?key=110")).status == 404


async def test_what_cannot_be_a_quota_is_said_beside_its_field(
    tmp_path: Path, demo_plan: Plan
) -> None:
    wrong = {**FORM, "live": "many", "burst": "51", "hours": "2026-12-01 16:00-15:00\n明天 9点"}
    async with asked(tmp_path, demo_plan) as (client, drafts):
        async with client.post(EDIT, data=wrong) as answer:
            text = await answer.text()

        assert answer.status == 422
        for name in ("live", "burst", "hours"):
            assert f'id="{name}-fault"' in text
        assert 'id="escalations-fault"' not in text
        assert 'value="many"' in text
        assert "第1行" in text
        assert "第2行" in text
        assert await drafts.change("quota", LEADER) is None


async def test_two_who_edit_at_once_see_both_texts(tmp_path: Path, demo_plan: Plan) -> None:
    async with asked(tmp_path, demo_plan) as (client, drafts):
        theirs = Edit("quota", LEADER, {"live": 9}, None, 1, 0)
        await drafts.save([theirs], Author("x", "wang"), PeoplesClock().at)
        async with client.post(EDIT, data=FORM) as answer:
            text = await answer.text()

        assert answer.status == 422
        assert 'value="6"' in text
        assert "别人改成了：<br>9" in text.replace("\n", "")


async def test_who_has_used_theirs_today_is_seen_and_readers_change_nothing(
    tmp_path: Path, demo_plan: Plan
) -> None:
    async with asked(tmp_path, demo_plan, Role.AUDITOR) as (client, _):
        text = await (await client.get("/admin/quotas")).text()
        today = text.partition('data-testid="today"')[2].partition("</table>")[0]

        assert demo_plan.directory.numbers[LEADER].post["zh-CN"] in today
        assert "4 / 4 <strong>已用完" in today
        assert "1 / 3" in today
        assert 'name="do"' not in await (await client.get(EDIT)).text()
        assert (await client.post(EDIT, data=FORM)).status == 403
