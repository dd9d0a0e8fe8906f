"""`plan` at the terminal, beside a running server: the plan as a file, and a file as a draft."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

import server
from deployment.house import HOUSE, House
from deployment.prompts import unusable
from deployment.settings import Settings
from ivr.carrier.local.uploads import telephone_upload
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from routing.exchange.container import packed, read_whole
from routing.trail import Search
from storage.audit import StoredAudit
from storage.drafts import StoredDrafts
from storage.prompts import StoredPrompts
from tests.ivr.carrier.local.test_conversion import recording

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
async def house(empty_database: Path, tmp_path: Path) -> AsyncIterator[House]:
    """A server at work on the folder that the commands find."""
    folder = tmp_path / "var"
    folder.mkdir()
    empty_database.rename(folder / "zhitong.db")
    app = await server.build_app(Settings(demo=False))
    async with TestClient(TestServer(app)):
        yield app[HOUSE]


async def say(*words: str) -> int:
    return await asyncio.to_thread(server.main, ["plan", *words])


async def changed(tmp_path: Path, old: str, new: str) -> str:
    """The published plan as a file, with one thing changed."""
    assert await say("--export", "plan.yaml") == 0
    text = (tmp_path / "plan.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "new.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return "new.yaml"


async def test_what_goes_out_changes_nothing_when_it_comes_back(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await say("--export", "plan.yaml") == 0
    assert "plan 1" in capsys.readouterr().out
    assert await say("--import", "plan.yaml", "--check") == 0
    assert "differences: 0" in capsys.readouterr().out
    assert await say("--export", "plan.yaml") == 1
    assert "such a file already" in capsys.readouterr().err


async def test_a_check_says_what_would_change_and_takes_nothing(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = await changed(tmp_path, "zh: 报警电话", "zh: 报警求助")
    assert await say("--import", file, "--check") == 0
    out = capsys.readouterr().out
    assert "修改 changed  service/110: zh\n" in out
    assert "differences: 1" in out
    assert (await StoredDrafts(house.database).draft()).changes == ()


async def test_a_file_goes_into_the_draft_and_that_is_an_entry(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = await changed(tmp_path, "zh: 报警电话", "zh: 报警求助")
    assert await say("--import", file, "--draft") == 0
    assert "into the draft: 1" in capsys.readouterr().out
    (change,) = (await StoredDrafts(house.database).draft()).changes
    assert (change.kind, change.key, change.over) == ("service", "110", 1)
    (entry,) = await StoredAudit(house.database).search(Search(text="new.yaml"), most=9)
    assert entry.link.action == "draft.imported"
    assert house.plans.current.directory.public_services["110"]["zh-CN"] == "报警电话"

    assert await say("--import", file, "--draft") == 0
    assert "into the draft: 0" in capsys.readouterr().out


async def test_a_zip_brings_its_recordings_and_a_check_keeps_none(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, wav = StoredPrompts(house.database), telephone_upload(recording(rate=8_000))
    sha256 = hashlib.sha256(wav).hexdigest()
    body = {"text": "谢谢来电，再见。", "sha256": sha256, "length": 1}
    text = f"zhitong_plan: 1\nrecording: {json.dumps({'zh-CN/end.bye.1': body})}\n"
    (tmp_path / "in.zip").write_bytes(packed(text, {sha256: wav}))
    assert await say("--import", "in.zip", "--check") == 0
    assert "recordings that come with it: 1" in capsys.readouterr().out
    assert await store.wav(sha256) is None

    assert await say("--import", "in.zip", "--draft") == 0
    assert await store.wav(sha256) == wav
    revision = (await StoredDrafts(house.database).draft()).revision
    await house.publishing().publish(revision, "带录音", Author("x", "lin"))
    capsys.readouterr()
    assert await say("--export", "out.zip") == 0
    assert "recordings: 1" in capsys.readouterr().out
    assert await say("--export", "out.yaml") == 0
    assert "without its recordings (1)" in capsys.readouterr().out
    whole = read_whole((tmp_path / "out.zip").read_bytes(), {"area": "", "zone": ""}, unusable)
    assert (whole.plan.errors, whole.sounds) == ((), {sha256: wav})
    assert whole.text == (tmp_path / "out.yaml").read_bytes()
    assert await asyncio.to_thread(server.main, ["check", "--plan", "out.zip"]) == 0


async def test_what_a_person_drafted_is_not_taken_back_unseen(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of what was published has the old words of whatever is drafted since."""
    file = await changed(tmp_path, "zh: 报警电话", "zh: 报警求助")
    store, lin = StoredDrafts(house.database), Author("x", "lin")
    newest = await house.publishing().releases.newest()
    base = entity_of(newest.document, "phrase", "end.bye")
    edit = Edit("phrase", "end.bye", {**(base or {}), "en": "Goodbye now."}, base, 1)
    await store.save([edit], lin, house.clock.now())
    capsys.readouterr()

    assert await say("--import", file, "--draft") == 1
    told = capsys.readouterr().err
    assert "phrase/end.bye (lin)" in told
    assert "/admin/plan" in told
    (kept,) = (await store.draft()).changes
    assert kept.body == edit.body


async def test_a_plan_that_cannot_be_used_is_refused(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = await changed(tmp_path, "lead_office: 市水利局", "lead_office: 没有此局")
    assert await say("--import", file, "--draft") == 1
    assert "没有此局" in capsys.readouterr().err
    assert (await StoredDrafts(house.database).draft()).changes == ()


async def test_an_error_is_told_at_its_line(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.yaml").write_text("zhitong_plan: 1\nnumbers: {}\n", encoding="utf-8")
    assert await say("--import", "new.yaml", "--check") == 1
    assert "new.yaml:2 numbers: 没有“numbers”这一类内容" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [("--import", "x.yaml"), ("--export", "x.yaml", "--check"), ("--import", "x", "--check")],
)
async def test_words_that_do_not_fit(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await say(*words) == 1
    assert "--import" in capsys.readouterr().err


async def test_before_the_first_start_the_demonstration_is_written(tmp_path: Path) -> None:
    assert await say("--export", "plan.yaml") == 0
    assert await say("--import", "plan.yaml", "--check") == 0
    assert await say("--import", "plan.yaml", "--draft") == 1
    assert not (tmp_path / "var").exists()


async def test_the_draft_is_checked_beside_a_running_server(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    example = {
        "name": "停水",
        "facts": {"dialled": "+865580000021", "topic": "water", "at": "2026-12-01T10:00+08:00"},
        "expected": {"office": "市公安局"},
    }
    edit = Edit("scenario", "water", example, None, 1)
    await StoredDrafts(house.database).save([edit], Author("x", "lin"), house.clock.now())

    assert await asyncio.to_thread(server.main, ["check"]) == 0
    capsys.readouterr()
    assert await asyncio.to_thread(server.main, ["check", "--draft"]) == 1
    assert "“停水”不通过" in capsys.readouterr().out
