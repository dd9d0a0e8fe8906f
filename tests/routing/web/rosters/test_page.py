"""Duty rosters are typed into the draft: shown again with each fault, never over another's."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from deployment.plans import plan_inputs
from deployment.publishing import desk_of
from deployment.settings import Settings
from ivr.flow.world import Plan
from routing.accounts.roles import Role
from routing.drafts.change import Author, Edit
from routing.web.rosters.page import ROSTER_PAGES, RosterDesk, roster_routes
from routing.web.rosters.written import Typed
from storage.drafts import StoredDrafts
from storage.plans import StoredPlans
from tests.databases import database_at
from tests.people import Client, PeoplesClock, served

LIST: Final = "/admin/rosters"
EDIT: Final = "/admin/rosters/edit"
LEADER: Final = "+865580000001"
FORM: Final = {
    "key": "night",
    "name": "教育局夜间值班",
    "name_en": "Education at night",
    "office": "市教育局",
    "members": f"ann | 值班员 | duty officer | +8613800000101\nbo | 书记 | Secretary | {LEADER}",
    "shifts": "ann | Mon-Sun 00:00-24:00 | 2026-11-01 |",
    "covers": "ann | bo | | 2026-11-02",
    "seen": "0",
}
BODY: Final[dict[str, Any]] = {
    "name": "教育局夜间值班",
    "name_en": "Education at night",
    "office": "市教育局",
    "members": [
        {"id": "ann", "name": "值班员", "name_en": "duty officer", "phone": "+8613800000101"},
        {"id": "bo", "name": "书记", "name_en": "Secretary", "official": LEADER},
    ],
    "shifts": [{"member": "ann", "hours": "Mon-Sun 00:00-24:00", "since": "2026-11-01"}],
    "covers": [{"member": "ann", "by": "bo", "until": "2026-11-02"}],
}


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
    desk = RosterDesk(desk_of(settings, database, clock), lambda: plan.directory, clock)
    try:
        async with served(folder, roster_routes(desk), (ROSTER_PAGES,)) as (client, people):
            client.session.cookie_jar.update_cookies(await people.cookie(role))
            yield client, StoredDrafts(database)
    finally:
        await database.close()


async def drafted(drafts: StoredDrafts) -> dict[str, Any] | None:
    change = await drafts.change("roster", "night")
    assert change is not None
    return None if change.body is None else dict(change.body)


async def test_a_roster_is_typed_kept_in_the_draft_and_shown(
    tmp_path: Path, demo_plan: Plan
) -> None:
    async with asked(tmp_path, demo_plan) as (client, drafts):
        assert "还没有值班表" in await (await client.get(LIST)).text()
        page = await (await client.post(EDIT, data=FORM)).text()

        assert "已存入草稿" in page
        assert await drafted(drafts) == BODY
        assert "值班员" in page, "who is on duty now"
        form = await (await client.get(f"{EDIT}?key=night")).text()
        assert "ann | 值班员 | duty officer | +8613800000101" in form
        assert f"bo | 书记 | Secretary | {LEADER}" in form
        english = await (await client.get(f"{LIST}?lang=en")).text()
        assert "Education at night" in english
        assert "duty officer" in english


async def test_faults_stand_beside_their_fields_and_what_was_typed_stays(
    tmp_path: Path, demo_plan: Plan
) -> None:
    wrong = FORM | {
        "key": "Night!",
        "name": "<i>夜班",
        "shifts": "dan | 22-6",
        "covers": "a|b|c|d|e",
    }
    async with asked(tmp_path, demo_plan) as (client, drafts):
        answer = await client.post(EDIT, data=wrong)
        page = await answer.text()

        assert answer.status == 422
        for field in ("key", "name", "shifts", "covers"):
            assert f'id="{field}-fault"' in page, field
        assert 'aria-describedby="shifts-hint shifts-fault" aria-invalid="true"' in page
        assert "第1行：没有“dan”这名值班人员。" in page
        assert "dan | 22-6</textarea>" in page
        assert "<i>" not in page
        assert "&lt;i&gt;夜班" in page
        assert (await drafts.draft()).changes == ()


async def test_an_id_that_is_taken_is_told(tmp_path: Path, demo_plan: Plan) -> None:
    async with asked(tmp_path, demo_plan) as (client, _):
        await client.post(EDIT, data=FORM)
        answer = await client.post(f"{EDIT}?lang=en", data=FORM)
        assert answer.status == 422
        assert "已有一份值班表" in await answer.text() or "has this id" in await answer.text()


async def test_a_revision_of_thousands_of_digits_is_none(tmp_path: Path, demo_plan: Plan) -> None:
    async with asked(tmp_path, demo_plan) as (client, drafts):
        answer = await client.post(EDIT, data=FORM | {"seen": "9" * 5000})

        assert answer.status == 200
        assert await drafted(drafts) is not None


async def test_two_who_edit_at_once_lose_nothing(tmp_path: Path, demo_plan: Plan) -> None:
    async with asked(tmp_path, demo_plan) as (client, drafts):
        theirs = BODY | {"name": "他人改的名称"}
        somebody = Author("other", "lin")
        await drafts.save(
            [Edit("roster", "night", theirs, None, 1)], somebody, PeoplesClock().now()
        )
        answer = await client.post(f"{EDIT}?key=night", data=FORM)
        page = await answer.text()

        assert answer.status == 422
        assert "别人改了这份值班表" in page
        assert "他人改的名称" in page
        assert 'value="教育局夜间值班"' in page
        assert await drafted(drafts) == theirs
        change = await drafts.change("roster", "night")
        assert change is not None
        mine = FORM | {"seen": str(change.revision)}
        assert (await client.post(f"{EDIT}?key=night", data=mine)).status == 200
        assert await drafted(drafts) == BODY


async def test_a_roster_is_taken_out(tmp_path: Path, demo_plan: Plan) -> None:
    async with asked(tmp_path, demo_plan) as (client, drafts):
        await client.post(EDIT, data=FORM)
        change = await drafts.change("roster", "night")
        assert change is not None
        gone = {"do": "remove", "seen": str(change.revision)}
        page = await (await client.post(f"{EDIT}?key=night", data=gone)).text()
        assert "还没有值班表" in page
        assert (await client.get(f"{EDIT}?key=night")).status == 404


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPERVISOR])
async def test_who_may_only_read_is_offered_no_button(
    tmp_path: Path, demo_plan: Plan, role: Role
) -> None:
    async with asked(tmp_path, demo_plan, role) as (client, drafts):
        assert "新增值班表" not in await (await client.get(LIST)).text()
        assert (await client.post(EDIT, data=FORM)).status == 403
        assert (await drafts.draft()).changes == ()


def test_what_was_kept_is_typed_the_same() -> None:
    typed = Typed.written("night", BODY, "zh-CN")
    assert typed.body({LEADER: None}) == BODY
    assert Typed.written("night", {"members": "none", "shifts": [3]}, "en").body({}) == {
        "name": "",
        "name_en": "",
        "office": "",
    }
