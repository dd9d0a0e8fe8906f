"""A sentence's recording is uploaded into the draft, heard there, and goes with its words."""

import io
import re
from pathlib import Path
from typing import Final

import pytest
from aiohttp import FormData

from routing.accounts.roles import Role
from tests.ivr.carrier.local.test_conversion import recording
from tests.ivr.web.spoken.editors import SOMEBODY, Editors, editing

KEY: Final = "zh-CN/end.bye.1"
PAGE: Final = "/admin/phrases/edit?key=end.bye"
DOOR: Final = "/admin/phrases/recording?key=end.bye&language=zh-CN&n=1"
SOUND: Final = "/admin/phrases/sound?key=end.bye&language=zh-CN&n=1"
TEXT: Final = "谢谢来电，再见。"
WAV: Final = recording(rate=8_000, hertz=700)


def form(wav: bytes = WAV, text: str = TEXT, revision: str = "0", **more: str) -> FormData:
    data = FormData()
    data.add_field("seen", revision)
    data.add_field("text", text)
    data.add_field("file", io.BytesIO(wav), filename="C:\\mine\\bye.wav", content_type="audio/wav")
    for name, value in more.items():
        data.add_field(name, value)
    return data


async def heard(at: Editors) -> bytes:
    return await (await at.client.get(SOUND)).read()


async def test_it_is_kept_in_the_draft_and_heard_in_place_of_the_shipped_one(
    tmp_path: Path,
) -> None:
    async with editing(tmp_path) as at:
        shipped = await heard(at)
        page = await (await at.client.post(DOOR, data=form())).text()
        assert "已存入草稿" in page
        assert "本单位录音，1.0秒" in page
        kept = await at.drafted("recording", KEY)
        assert kept is not None
        assert kept["text"] == TEXT
        mine = await heard(at)
        assert mine[:4] == b"RIFF"
        assert mine != shipped

        gone = form(b"", revision=await at.revision("recording", KEY), do="remove")
        await at.client.post(DOOR, data=gone)
        assert (await at.publishing.drafts.draft()).changes == ()
        assert await heard(at) == shipped


async def test_words_that_are_changed_take_their_recording_away_and_a_finding_says_so(
    tmp_path: Path,
) -> None:
    async with editing(tmp_path) as at:
        await at.client.post(DOOR, data=form())
        words = {"zh-CN": "谢谢您，再会。", "en": "Thank you. Goodbye now.", "seen": "0.1"}
        await at.client.post(PAGE, data=words)
        page = await (await at.client.get(PAGE)).text()
        assert "这段录音念的是“谢谢来电，再见。”" in page
        assert (await at.client.get(SOUND)).status == 404

        preview = await at.publishing.preview()
        assert ("recording_old", "end.bye") in {(f.code, f.place.key) for f in preview.findings}
        assert preview.errors == ()
        late = await at.client.post(DOOR, data=form(text=TEXT, revision="1"))
        assert late.status == 422
        assert "这句话术刚刚被改过" in await late.text()


async def test_it_is_published_with_a_version_and_rolled_back_with_it(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:
        await at.client.post(DOOR, data=form())
        draft = await at.publishing.drafts.draft()
        outcome = await at.publishing.publish(draft.revision, "our own voice", SOMEBODY)
        assert outcome.number == 2
        assert KEY in (await at.publishing.releases.newest()).document["recordings"]
        await at.publishing.roll_back(1, "no", SOMEBODY)
        assert (await at.publishing.releases.newest()).document["recordings"] == ""


@pytest.mark.parametrize(
    ("wav", "says"),
    [
        (b"", "请先选择录音文件"),
        (b"ID3 an MP3 called bye.wav", "这不是WAV文件"),
        (recording(rate=44_100), "不是8kHz单声道"),
        (recording(rate=8_000, strength=0.0), "录音里没有声音"),
        (bytes(1_100_000), "文件超过1MB"),
    ],
)
async def test_what_is_no_recording_is_refused_beside_its_field(
    tmp_path: Path, wav: bytes, says: str
) -> None:
    async with editing(tmp_path) as at:
        answer = await at.client.post(DOOR, data=form(wav))
        page = await answer.text()
        assert answer.status == 422
        fault = re.search(r'id="s-1-fault" class="fault">(.*?)</small>', page)
        assert fault is not None
        assert says in fault[1]
        assert ("ffmpeg -i" in fault[1]) is ("wav" in says.lower() or "kHz" in says or "MB" in says)
        assert (await at.publishing.drafts.draft()).changes == ()
        assert sorted(path.name for path in tmp_path.iterdir() if "db" not in path.name) == []


async def test_two_who_record_at_once_lose_nothing(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:
        await at.client.post(DOOR, data=form())
        first = await at.drafted("recording", KEY)
        answer = await at.client.post(DOOR, data=form(recording(rate=8_000, hertz=900)))
        assert answer.status == 422
        assert "别人刚刚换过这段录音" in await answer.text()
        assert await at.drafted("recording", KEY) == first


async def test_who_may_only_read_uploads_nothing(tmp_path: Path) -> None:
    async with editing(tmp_path, Role.SUPERVISOR) as at:
        assert "上传录音" not in await (await at.client.get(PAGE)).text()
        assert (await at.client.post(DOOR, data=form())).status == 403
