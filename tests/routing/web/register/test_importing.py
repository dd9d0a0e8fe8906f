"""A file is looked at, with every change and error, and then taken into the draft whole or not at
all; one that was handed out changes nothing."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from routing.city import demo_sheets
from routing.drafts.change import Edit
from routing.sheets.entities import EntityKind, entities
from routing.sheets.files import exported
from routing.sheets.register import Sheets
from tests.routing.web.register.editors import ONE, Client, asked, value

NEW_CITY = {
    **entities(demo_sheets(), EntityKind.NUMBER)[ONE],
    "office": "新市政府",
    "district": "新市",
    "topics": "",
}
HOSTILE = "<script>alert(1)</script>=1+1"


async def upload(
    client: Client, raw: bytes, url: str = "/admin/import", **fields: str
) -> tuple[int, str]:
    data = FormData({**fields})
    data.add_field(
        "file", io.BytesIO(raw), filename="C:\\名录\\numbers.csv", content_type="text/csv"
    )
    answer = await client.post(url, data=data)
    return answer.status, await answer.text()


async def take(client: Client, page: str) -> Any:
    data = FormData(
        {name: value(page, name) for name in ("content", "name", "kind", "whole", "seen")}
    )
    data.add_field("nothing", b"", filename="")
    return await client.post("/admin/import/take", data=data, allow_redirects=False)


async def test_an_import_is_looked_at_and_then_taken_whole(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        rows = f"号码,单位,职务,状态,停用日期\n{ONE},市委,第一书记,停用,2026/11/20\n".encode(
            "gb18030"
        )
        status, page = await upload(client, rows)

        assert status == 200
        assert "numbers.csv：号码" in page
        assert "新增0条，修改1条，删除0条。 没有错误。" in page
        assert "其中1条关系到号码是否公布" in page
        assert "<del>市委书记</del>" in page
        assert "<ins>第一书记</ins>" in page
        assert (await register.drafts.draft()).changes == ()
        assert (await take(client, page)).status == 303
        body = await register.body("number", ONE) or {}
        assert (body["post"], body["status"]) == ("第一书记", "suspended")
        assert body["suspended_on"] == "2026-11-20"


async def test_with_one_error_nothing_can_be_taken(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        rows = f"number,office,post\n{ONE},市委,{HOSTILE}\n8.66E+11,市委,x\n"
        status, page = await upload(client, rows.encode())

        assert status == 422
        assert '<td class="digits">3</td><td>number</td>' in page
        assert "<script>alert" not in page
        assert "/admin/import/take" not in page
        data = FormData({"kind": "number", "seen": "0"})
        data.add_field("file", rows.encode(), filename="x.csv")
        forced = await client.post("/admin/import/take", data=data, allow_redirects=False)
        assert forced.status == 422
        assert (await register.drafts.draft()).changes == ()


async def test_a_draft_that_moved_is_looked_at_again_before_it_is_taken(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        _, page = await upload(client, f"number,office,post\n{ONE},市委,第一书记\n".encode())
        was = await register.number()
        await register.somebody(Edit("number", ONE, {**was, "post": "她写的"}, was, 1))
        again = await take(client, page)

        assert again.status == 422
        text = await again.text()
        assert "别人改了草稿" in text
        assert "<del>她写的</del>" in text
        assert (await take(client, text)).status == 303
        assert (await register.body("number", ONE) or {})["post"] == "第一书记"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "请选择一个有内容的文件"),
        (b"PK\x03\x04", "Excel工作簿"),
        (b"x" * (4 * 1024 * 1024), "超过2MB"),
    ],
)
async def test_what_cannot_be_read_is_told(tmp_path: Path, raw: bytes, says: str) -> None:
    async with asked(tmp_path) as (client, _):
        status, page = await upload(client, raw)

        assert status == 422
        assert says in page


async def test_a_file_that_was_handed_out_changes_nothing(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, _):
        for section in ("numbers", "offices", "topics", "contacts", "services", "readings"):
            answer = await client.get(f"/admin/export/{section}.csv?of=draft")
            raw = await answer.read()
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert b"\r\n+" not in raw
            status, page = await upload(client, raw, whole="1")
            assert (status, "没有要修改的" in page) == (200, True), section
        assert (await client.get("/admin/export/secrets.csv")).status == 404


async def test_a_whole_city_is_taken_in_one_go(tmp_path: Path) -> None:
    """Its sheets name each other: one alone would leave the others with offices that are gone."""
    office = (
        "单位,单位（英文）,电话里的称呼,电话里的称呼（英文）,区县,区县（英文）,上级单位,邮箱,办公时间,时区,"
        "值班电话,代接电话,有人值守\n新市政府,New Government,新市政府,the New Government,新市,New,,"
        "new@yunling.example,Mon-Fri 09:00-17:00,Asia/Shanghai,,,是\n"
    )
    numbers = exported(EntityKind.NUMBER, {ONE: NEW_CITY}, "zh-CN")
    topics = "topic,code,zh,en,lead_office\nwater,12,供水,water,新市政府\n"
    contacts = "office,order,post,post_en,email,phone,channel,after\n"
    files = [office.encode(), numbers, topics.encode(), contacts.encode()]
    async with asked(tmp_path) as (client, register):
        alone, _ = await upload(client, files[0], whole="1")
        data = FormData({"whole": "1"})
        for at, raw in enumerate(files):
            data.add_field("file", io.BytesIO(raw), filename=f"{at}.csv")
        answer = await client.post("/admin/import", data=data)
        page = await answer.text()

        assert alone == 422
        assert answer.status == 200, page
        again = FormData({"whole": "1", "kind": "", "seen": value(page, "seen")})
        for at, content in enumerate(re.findall(r'name="content" value="([^"]*)"', page)):
            again.add_field("content", content)
            again.add_field("name", f"{at}.csv")
        again.add_field("nothing", b"", filename="")
        taken = await client.post("/admin/import/take", data=again, allow_redirects=False)
        assert taken.status == 303
        preview = await register.desk.publishing.preview()
        sheets = Sheets(**preview.document["sheets"])
        assert list(entities(sheets, EntityKind.OFFICE)) == ["新市政府"]
        assert list(entities(sheets, EntityKind.NUMBER)) == [ONE]
