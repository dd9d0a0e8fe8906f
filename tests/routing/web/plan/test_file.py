"""The whole plan goes out as a file and comes back into the draft: seen first, whole or not at all,
with its summary in the same transaction."""

import base64
import hashlib
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import FormData
from sqlalchemy import func, select

from ivr.carrier.local.uploads import telephone_upload
from ivr.library.plans import Inputs
from ivr.library.recordings import Recorded, body_of
from routing.accounts.roles import Role
from routing.drafts.change import Edit
from routing.exchange import container
from routing.exchange.container import packed
from routing.findings import Finding, Level, Place
from routing.trail import Search
from storage.audit import StoredAudit
from storage.tables.prompts import prompt_sounds
from tests.ivr.carrier.local.test_conversion import recording
from tests.routing.web.plan.planned import HOSTILE, LIN, Planned, planned

PLAN = "/admin/plan"


def form(text: str | bytes = "", **more: str) -> FormData:
    data, raw = FormData(), text.encode() if isinstance(text, str) else text
    data.add_field("file", io.BytesIO(raw), filename="plan.yaml", content_type="text/yaml")
    for name, value in more.items():
        data.add_field(name, value)
    return data


def again(page: str) -> FormData:
    """The form that a preview offers."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    assert {"content", "seen", "sounds"} <= fields.keys()
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


KEY = "zh-CN/end.bye.1"


async def recorded(at: Planned) -> str:
    """A sentence is uploaded and drafted; its hash."""
    wav = telephone_upload(recording(rate=8_000))
    sha256 = hashlib.sha256(wav).hexdigest()
    await at.prompts.keep(sha256, wav, at.people.clock.now())
    body = body_of(Recorded(KEY, "谢谢来电，再见。", sha256, 1.0))
    await at.desk.drafts.save([Edit("recording", KEY, body, None, 1)], LIN, at.people.clock.now())
    return sha256


async def fetched(at: Planned, url: str) -> bytes:
    async with at.client.get(url, cookies=await at.people.cookie(Role.ADMIN)) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].endswith('.zip"')
        return await answer.read()


async def test_an_empty_deployment_takes_it_whole_with_its_recordings(
    tmp_path: Path, demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with planned(tmp_path, demo_inputs) as first:
        sha256 = await recorded(first)
        raw = await fetched(first, f"{PLAN}/plan.zip?of=draft")
        wav = await first.prompts.wav(sha256)
        with monkeypatch.context() as small:
            small.setattr(container, "MOST_PACKED", len(raw) - 1)
            status, page = await first.get(Role.ADMIN, f"{PLAN}/plan.zip?of=draft")
        assert (status, "录音太多" in page) == (409, True)
    (tmp_path / "other").mkdir()
    async with planned(tmp_path / "other", demo_inputs) as at:
        status, page = await at.post(Role.ADMIN, PLAN, form(raw))
        assert (status, "文件带有1条录音，已逐条核对。" in page) == (200, True)
        assert (await at.desk.drafts.draft()).changes == (), "it is only looked at"
        assert "已全部存入草稿" in (await at.post(Role.ADMIN, f"{PLAN}/take", again(page)))[1]
        (change,) = (await at.desk.drafts.draft()).changes
        assert (change.entity, change.body and change.body["sha256"]) == (
            ("recording", KEY),
            sha256,
        )
        assert await at.prompts.wav(sha256) == wav
        entry = (await StoredAudit(at.database).search(Search(text="recordings"), most=9))[0]
        assert entry.link.action == "draft.imported"


async def test_a_zip_with_a_fault_keeps_none_of_its_sounds(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as at:
        wav = telephone_upload(recording(rate=8_000))
        sha256 = hashlib.sha256(wav).hexdigest()
        body = {"text": "再见。", "sha256": sha256, "length": 1}
        text = f"zhitong_plan: 1\nrecording: {json.dumps({KEY: body})}\n"
        for content in (wav + b"!", recording(rate=8_000)):
            status, page = await at.post(Role.ADMIN, PLAN, form(packed(text, {sha256: content})))
            assert (status, f"recordings/{sha256}.wav" in page) == (422, True)
            assert 'action="/admin/plan/take"' not in page
        bad = packed(text + "numbers: {}\n", {sha256: wav})
        assert (await at.post(Role.ADMIN, PLAN, form(bad)))[0] == 422
        assert await at.prompts.known([sha256]) == frozenset()


async def test_a_preview_whose_sounds_went_meanwhile_or_are_none_is_not_taken(
    tmp_path: Path, demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with planned(tmp_path, demo_inputs) as at:
        wav = telephone_upload(recording(rate=8_000))
        sha256 = hashlib.sha256(wav).hexdigest()
        body = {"text": "再见。", "sha256": sha256, "length": 1}
        text = f"zhitong_plan: 1\nrecording: {json.dumps({KEY: body})}\n"
        _, page = await at.post(Role.ADMIN, PLAN, form(packed(text, {sha256: wav})))
        asked: list[object] = []
        with monkeypatch.context() as watched:
            watched.setattr(type(at.prompts), "hold", lambda *told: asked.append(told))
            altered = page.replace(f'value="{sha256}"', f'value="{sha256} \x00"')
            assert altered != page
            assert (await at.post(Role.ADMIN, f"{PLAN}/take", again(altered)))[0] == 422
        assert asked == [], "what is no hash is not looked for"
        await at.prompts.sweep(at.people.clock.now() + timedelta(days=8))
        status, page = await at.post(Role.ADMIN, f"{PLAN}/take", again(page))
        assert (status, "请重新选择文件" in page) == (422, True)
        assert (await at.desk.drafts.draft()).changes == ()


async def test_a_second_preview_leaves_no_more_sounds_than_the_first(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as at:
        pages: list[str] = []
        held = select(func.count()).select_from(prompt_sounds)
        for hertz in (500, 600, 700):
            wav = telephone_upload(recording(rate=8_000, hertz=hertz))
            sha256 = hashlib.sha256(wav).hexdigest()
            body = {"text": "再见。", "sha256": sha256, "length": 1}
            text = f"zhitong_plan: 1\nrecording: {json.dumps({KEY: body})}\n"
            status, page = await at.post(Role.ADMIN, PLAN, form(packed(text, {sha256: wav})))
            assert status == 200
            pages.append(page)
            [row] = await at.database.read(held)
            assert row[0] == 1
        status, page = await at.post(Role.ADMIN, f"{PLAN}/take", again(pages[0]))
        assert (status, "请重新选择文件" in page) == (422, True)
        assert "已全部存入草稿" in (await at.post(Role.ADMIN, f"{PLAN}/take", again(pages[-1])))[1]


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
