"""Phrases are found and changed on a page: both languages, each fault beside its field, never over
what somebody else wrote, and never as markup."""

import re
from pathlib import Path
from typing import Final

import pytest

from routing.accounts.roles import Role
from routing.publishing.release import Refused
from tests.ivr.web.spoken.editors import SOMEBODY, editing

LIST: Final = "/admin/phrases"
BYE: Final = "/admin/phrases/edit?key=end.bye"
NEW: Final = "/admin/phrases/edit"
WORDS: Final = {"zh-CN": "谢谢您，再会。", "en": "Thank you. Goodbye now."}


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)


async def test_a_phrase_is_found_by_id_words_and_what_it_lacks(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:

        async def found(query: str) -> list[str]:
            return listed(await (await at.client.get(f"{LIST}?{query}")).text())

        every = await found("")
        assert len(every) > 150
        assert await found("q=end.bye") == ["end.bye"]
        assert "end.bye" in await found("q=Goodbye")
        assert "end.bye" not in await found("q=Goodbye&language=zh-CN")
        assert await found("lacks=words") == []
        assert await found("lacks=recording") == []
        assert await found("lacks=nonsense&language=fr") == every


async def test_one_shows_where_it_is_said_its_slots_and_how_it_sounds(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:
        page = await (await at.client.get("/admin/phrases/edit?key=greet.first")).text()
        assert '<a href="/admin/scripts#node-main">main</a>' in page
        assert "{date} {line} {paper}" in page

        page = await (await at.client.get(BYE)).text()
        source = re.findall(r'<audio [^>]*src="([^"]*)"', page)[0].replace("&amp;", "&")
        heard = await at.client.get(source)
        assert heard.headers["Content-Type"] == "audio/wav"
        assert (await heard.read())[:4] == b"RIFF"
        assert (await at.client.get(source.replace("n=1", "n=9"))).status == 404
        assert (await at.client.get("/admin/phrases/edit?key=no.such")).status == 404


async def test_words_are_kept_in_the_draft_and_go_back_to_those_shipped(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:
        page = await (await at.client.post(BYE, data=WORDS | {"seen": "0.1"})).text()
        assert "已存入草稿" in page
        assert "谢谢您，再会。</textarea>" in page
        assert await at.drafted("phrase", "end.bye") == WORDS
        assert "end.bye" in listed(await (await at.client.get(f"{LIST}?lacks=recording")).text())

        back = {"do": "back", "seen": await at.revision("phrase", "end.bye")}
        await at.client.post(BYE, data=back)
        assert (await at.publishing.drafts.draft()).changes == ()


@pytest.mark.parametrize(
    ("key", "sent", "field", "says"),
    [
        ("end.bye", WORDS | {"en": " "}, "en", "这里要写话术。"),
        ("end.bye", WORDS | {"en": "x" * 1001}, "en", "最多1000个字符。"),
        ("end.bye", WORDS | {"zh-CN": "再见\u200b。"}, "zh-CN", "看不见的符号"),
        ("end.bye", WORDS | {"zh-CN": "再见{Line}。"}, "zh-CN", "花括号"),
        ("end.bye", WORDS | {"zh-CN": "再见{number}。"}, "zh-CN", "这句话里没有{number}可填。"),
        ("end.bye", WORDS | {"zh-CN": "{line}，再见。"}, "en", "少了{line}。"),
        ("case.read", WORDS, "zh-CN", "少了{case}。<br>少了{pin}。"),
    ],
)
async def test_a_fault_stands_beside_its_field_and_what_was_typed_stays(
    tmp_path: Path, key: str, sent: dict[str, str], field: str, says: str
) -> None:
    async with editing(tmp_path) as at:
        answer = await at.client.post(f"{NEW}?key={key}", data=sent)
        page = await answer.text()

        assert answer.status == 422
        fault = re.search(rf'id="{field}-fault" class="fault">(.*?)</small>', page)
        assert fault is not None
        assert says in fault[1]
        assert f'aria-describedby="{field}-hint {field}-fault" aria-invalid="true"' in page
        other = next(one for one in WORDS if one != field)
        assert f"{sent[other]}</textarea>" in page
        assert (await at.publishing.drafts.draft()).changes == ()


async def test_hostile_words_are_shown_and_never_become_markup(tmp_path: Path) -> None:
    hostile = WORDS | {"seen": "0.1", "en": '</Say><Hangup/> & "<script>alert(1)</script>".'}
    async with editing(tmp_path) as at:
        for page in (
            await (await at.client.post(BYE, data=hostile)).text(),
            await (await at.client.get(f"{LIST}?q=%3Cscript%3E")).text(),
        ):
            assert "<script>alert" not in page
            assert "&lt;script&gt;" in page
        assert await at.drafted("phrase", "end.bye") == {**WORDS, "en": hostile["en"]}


async def test_two_who_edit_at_once_lose_nothing(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:
        theirs = WORDS | {"zh-CN": "他人写的再见。"}
        await at.other_saves("phrase", "end.bye", theirs)
        answer = await at.client.post(BYE, data=WORDS | {"seen": "0.1"})
        page = await answer.text()

        assert answer.status == 422
        assert "他人写的再见。" in page
        assert "谢谢您，再会。</textarea>" in page
        assert await at.drafted("phrase", "end.bye") == theirs
        again = WORDS | {"seen": await at.revision("phrase", "end.bye")}
        assert (await at.client.post(BYE, data=again)).status == 200
        assert await at.drafted("phrase", "end.bye") == WORDS


async def test_who_began_before_another_text_was_published_sees_it_before_it_is_overwritten(
    tmp_path: Path,
) -> None:
    async with editing(tmp_path) as at:
        theirs = WORDS | {"zh-CN": "他人写的再见。"}
        await at.other_saves("phrase", "end.bye", theirs)
        draft = await at.publishing.drafts.draft()
        await at.publishing.publish(draft.revision, "bye", SOMEBODY)

        answer = await at.client.post(BYE, data=WORDS | {"seen": "0.1"})
        page = await answer.text()
        assert answer.status == 422
        assert "他人写的再见。" in page
        assert (await at.publishing.drafts.draft()).changes == ()
        assert (await at.client.post(BYE, data=WORDS | {"seen": "0.2"})).status == 200
        assert await at.drafted("phrase", "end.bye") == WORDS


async def test_a_phrase_of_ones_own_may_lack_a_language_but_nothing_is_published_then(
    tmp_path: Path,
) -> None:
    async with editing(tmp_path) as at:
        assert (await at.client.post(NEW, data={"key": "Menu!", **WORDS})).status == 422
        assert (await at.client.post(NEW, data={"key": "end.bye", **WORDS})).status == 422
        await at.client.post(NEW, data={"key": "menu.night", "zh-CN": "夜间值班按1。"})
        page = await (await at.client.get(f"{LIST}?lacks=words")).text()
        assert listed(page) == ["menu.night"]

        draft = await at.publishing.drafts.draft()
        with pytest.raises(Refused) as refused:
            await at.publishing.publish(draft.revision, "night", SOMEBODY)
        assert [
            (one.place.kind, one.place.key, one.place.field) for one in refused.value.findings
        ] == [("phrase", "menu.night", "en")]
        assert "英文" in refused.value.findings[0].says["zh-CN"]

        gone = {"do": "back", "seen": await at.revision("phrase", "menu.night")}
        await at.client.post(f"{NEW}?key=menu.night", data=gone)
        assert (await at.publishing.drafts.draft()).changes == ()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPERVISOR])
async def test_who_may_only_read_changes_nothing(tmp_path: Path, role: Role) -> None:
    async with editing(tmp_path, role) as at:
        assert "存入草稿</button>" not in await (await at.client.get(BYE)).text()
        assert (await at.client.post(BYE, data=WORDS)).status == 403
        assert (await at.publishing.drafts.draft()).changes == ()
