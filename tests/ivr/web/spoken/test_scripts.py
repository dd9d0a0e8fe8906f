"""The menus are shown as callers walk through them, and edited as text, faults at their lines."""

import re
from pathlib import Path
from typing import Final

import pytest
from aiohttp import FormData

from ivr.flow.graph import edges
from ivr.library.plans import shipped
from ivr.library.scripts import load_script
from ivr.library.ways import ways
from ivr.web.spoken.drawing import HIGH, WIDE, drawn
from routing.accounts.roles import Role
from routing.publishing.release import Refused
from tests.ivr.web.spoken.editors import SOMEBODY, editing

PAGE: Final = "/admin/scripts"
EDIT: Final = "/admin/scripts/edit"
TEXT: Final = shipped().script
LINES: Final = TEXT.split("\n")


def form(text: str, do: str = "keep", seen: str = "0.1") -> FormData:
    data = FormData(default_to_multipart=True)
    for name, value in (("text", text.replace("\n", "\r\n")), ("do", do), ("seen", seen)):
        data.add_field(name, value)
    return data


def changed(old: str, new: str) -> str:
    assert old in TEXT, f"the shipped menus no longer have {old!r}"
    return TEXT.replace(old, new, 1)


def line_of(words: str) -> int:
    return next(at for at, line in enumerate(LINES, 1) if words in line)


async def test_every_node_stands_there_with_its_words_and_ways(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:
        page = await (await at.client.get(PAGE)).text()
        nodes = set(re.findall(r'<tr id="node-(\w+)">', page))
        assert nodes == set(load_script(TEXT).nodes)
        assert set(re.findall(r'href="#node-(\w+)"', page)) <= nodes
        assert "核验号码按1，反映事项按2" in page
        assert 'href="/admin/phrases/edit?key=menu.main"' in page
        english = await (await at.client.get(f"{PAGE}?lang=en")).text()
        assert "rings phones, one after another or together" in english
        assert "faults" not in re.findall(r'data-testid="(\w+)"', page)


def test_a_drawing_has_every_node_of_a_way_once_and_no_box_upon_another() -> None:
    script = load_script(TEXT)
    for names in ways(script).values():
        found = drawn(script, names)
        wanted = {edge.to for name in names for edge in edges(script.nodes[name])} | set(names)
        assert {box.name for box in found.boxes} == wanted
        places = {(box.x, box.y) for box in found.boxes}
        assert len(places) == len(found.boxes)
        assert all(box.x + WIDE < found.width for box in found.boxes)
        assert all(box.y + HIGH < found.height for box in found.boxes)


async def test_a_text_is_kept_published_and_goes_back(tmp_path: Path) -> None:
    text = changed("silence = 10", "silence = 12") if "silence = 10" in TEXT else TEXT + "# mine\n"
    async with editing(tmp_path) as at:
        page = await (await at.client.post(EDIT, data=form(text))).text()
        assert "已存入草稿" in page
        assert await at.drafted("script", "main") == {"text": text}
        draft = await at.publishing.drafts.draft()
        await at.publishing.publish(draft.revision, "menus", SOMEBODY)
        assert (await at.publishing.releases.newest()).document["script"] == text
        await at.client.post(EDIT, data=form("", "back", "0.2"))
        assert await at.drafted("script", "main") == {"text": TEXT}


@pytest.mark.parametrize(
    ("text", "line", "node", "says"),
    [
        (
            changed('kind = "answer"', 'kind = "answer'),
            line_of('kind = "answer"'),
            "answer",
            "TOML",
        ),
        (changed('kind = "answer"', 'kind = "anser"'), line_of("[nodes.answer]"), "answer", "kind"),
        (changed("full = ", "fool = "), line_of('full = "full"'), "answer", "没有这一项"),
        (changed('time = "time"\n', ""), 1, "", "缺少这一项"),
    ],
)
async def test_a_text_that_cannot_be_read_is_told_at_its_line_and_not_kept(
    tmp_path: Path, text: str, line: int, node: str, says: str
) -> None:
    async with editing(tmp_path) as at:
        answer = await at.client.post(EDIT, data=form(text))
        page = await answer.text()
        assert answer.status == 422
        listed = re.findall(r'<li class="fault">(.*?)</li>', page)
        here = [one for one in listed if one.startswith(f"第{line}行")]
        assert any((f"<b>{node}</b>" in one if node else True) and says in one for one in here), (
            listed
        )
        assert (await at.publishing.drafts.draft()).changes == ()


async def test_what_the_review_finds_is_told_at_its_node_and_keeps_it_from_callers(
    tmp_path: Path,
) -> None:
    text = changed('prompts = ["end.loop"]', 'prompts = ["end.nonsense"]')
    async with editing(tmp_path) as at:
        page = await (await at.client.post(EDIT, data=form(text, "look"))).text()
        line = line_of("[nodes.loop]")
        assert f"第{line}行 <b>loop</b> loop：“end.nonsense”缺少中文话术" in page
        assert "<code>[nodes.loop]</code>" in page
        assert (await at.publishing.drafts.draft()).changes == ()

        await at.client.post(EDIT, data=form(text))
        draft = await at.publishing.drafts.draft()
        with pytest.raises(Refused) as refused:
            await at.publishing.publish(draft.revision, "menus", SOMEBODY)
        places = {
            (one.place.kind, one.place.key, one.place.field) for one in refused.value.findings
        }
        assert places == {("phrase", "end.nonsense", "zh-CN"), ("phrase", "end.nonsense", "en")}


async def test_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    hostile = changed(
        'prompts = ["end.loop"]', 'prompts = ["</textarea><script>alert(1)</script>"]'
    )
    async with editing(tmp_path) as at:
        for do in ("look", "keep"):
            page = await (await at.client.post(EDIT, data=form(hostile, do))).text()
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert" in page


async def test_two_who_edit_at_once_lose_nothing(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:
        await at.other_saves("script", "main", {"text": TEXT + "# theirs\n"})
        answer = await at.client.post(EDIT, data=form(TEXT + "# mine\n"))
        page = await answer.text()
        assert answer.status == 422
        assert "# mine\n</textarea>" in page
        assert "# theirs\n</pre>" in page
        assert await at.drafted("script", "main") == {"text": TEXT + "# theirs\n"}


async def test_a_text_beyond_bounds_and_a_reader_are_refused(tmp_path: Path) -> None:
    async with editing(tmp_path) as at:
        assert (await at.client.post(EDIT, data=form("#" * 300_000))).status == 422
    (tmp_path / "again").mkdir()
    async with editing(tmp_path / "again", Role.AUDITOR) as at:
        assert (await at.client.get(EDIT)).status == 403
        assert (await at.client.post(EDIT, data=form(TEXT))).status == 403
        assert "编辑菜单</a>" not in await (await at.client.get(PAGE)).text()
