"""The whole plan goes out as a file and comes back into the draft: seen first, whole or not at all,
with its summary in the same transaction."""

import base64
import io
import json
import re
from pathlib import Path

import pytest
from aiohttp import FormData

from ivr.library.plans import Inputs
from routing.accounts.roles import Role
from routing.findings import Finding, Level, Place
from tests.routing.web.plan.planned import HOSTILE, Planned, planned

PLAN = "/admin/plan"


def form(text: str = "", **more: str) -> FormData:
    data = FormData()
    data.add_field(
        "file", io.BytesIO(text.encode()), filename="plan.yaml", content_type="text/yaml"
    )
    for name, value in more.items():
        data.add_field(name, value)
    return data


def again(page: str) -> FormData:
    """The form that a preview offers."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    return form(**fields)


async def exported(at: Planned, query: str = "") -> str:
    status, text = await at.get(Role.ADMIN, f"{PLAN}/plan.yaml{query}")
    assert status == 200
    return text


async def test_it_goes_out_and_comes_back_changed(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with planned(tmp_path, demo_inputs) as at:
        text = await exported(at)
        _, page = await at.post(Role.ADMIN, PLAN, form(text))
        assert "和草稿一样" in page

        changed = text.replace("谢谢来电，再见。", f"谢谢您，再见{HOSTILE}。")
        status, page = await at.post(Role.ADMIN, PLAN, form(changed))
        assert status == 200
        assert "共1处不同" in page
        assert HOSTILE not in page
        status, page = await at.post(Role.ADMIN, f"{PLAN}/take", again(page))
        assert "已全部存入草稿" in page
        (change,) = (await at.desk.drafts.draft()).changes
        assert change.entity == ("phrase", "end.bye")
        assert f"谢谢您，再见{HOSTILE}。" in await exported(at, "?of=draft")
        assert f"谢谢您，再见{HOSTILE}。" not in await exported(at)


async def test_every_fault_has_its_place_and_nothing_is_half_imported(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    wrong = "zhitong_plan: 1\noffice:\n  市公安局:\n    offise: x\n<i>kind</i>:\n  a: {}\n"
    async with planned(tmp_path, demo_inputs) as at:
        status, page = await at.post(Role.ADMIN, PLAN, form(wrong))
        assert status == 422
        assert '<td class="digits">4</td><td>office/市公安局/offise</td>' in page
        assert "&lt;i&gt;kind&lt;/i&gt;" in page
        assert 'action="/admin/plan/take"' not in page
        content = base64.b64encode(wrong.encode()).decode()
        status, _ = await at.post(Role.ADMIN, f"{PLAN}/take", form(content=content, seen="0"))
        assert status == 422
        assert (await at.desk.drafts.draft()).changes == ()


async def test_a_plan_that_cannot_be_used_is_not_taken(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with planned(tmp_path, demo_inputs) as at:
        says = {"zh-CN": "缺少英文话术", "en": "has no words in en"}
        at.found.append(Finding("script", Level.ERROR, says, Place("phrase", "end.bye", "en")))
        text = (await exported(at)).replace("谢谢来电，再见。", "谢谢您。")
        status, page = await at.post(Role.ADMIN, PLAN, form(text))
        assert status == 422
        assert "缺少英文话术" in page
        assert 'action="/admin/plan/take"' not in page


async def test_a_draft_that_moved_is_looked_at_again(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with planned(tmp_path, demo_inputs) as at:
        text = (await exported(at)).replace("谢谢来电，再见。", "谢谢您。")
        _, page = await at.post(Role.ADMIN, PLAN, form(text))
        await at.change("phrase", "end.lost", en="Goodbye now.")
        status, page = await at.post(Role.ADMIN, f"{PLAN}/take", again(page))
        assert status == 422
        assert "预览之后草稿又有改动" in page
        assert "共2处不同" in page, "the file has the other phrase as it was"
        await at.post(Role.ADMIN, f"{PLAN}/take", again(page))
        changes = (await at.desk.drafts.draft()).changes
        assert [change.key for change in changes] == ["end.bye"]


async def test_pasted_text_is_read_as_a_file_is_and_nothing_at_all_is_told(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as at:
        status, page = await at.post(Role.ADMIN, PLAN, form())
        assert status == 422
        assert 'id="file-fault"' in page
        pasted = form(text="zhitong_plan: 1\nphrase: []\n")
        status, page = await at.post(Role.ADMIN, PLAN, pasted)
        assert status == 422
        assert '<td class="digits">2</td>' in page


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AUDITOR])
async def test_who_may_only_read_takes_it_out_alone(
    tmp_path: Path, demo_inputs: Inputs, role: Role
) -> None:
    async with planned(tmp_path, demo_inputs) as at:
        status, schema = await at.get(role, f"{PLAN}/plan.schema.json")
        assert (status, json.loads(schema)["$schema"]) == (
            200,
            "https://json-schema.org/draft/2020-12/schema",
        )
        assert 'id="file"' not in (await at.get(role, PLAN))[1]
        assert (await at.post(role, PLAN, form("zhitong_plan: 1")))[0] == 403
