"""In a hurry one person takes a number out of use; putting it back keeps both gates."""

import asyncio
from pathlib import Path

import pytest

from routing.accounts.roles import Role
from routing.drafts.change import Edit
from tests.routing.web.register.editors import EDIT, ONE, asked, form

SUSPEND = f"/admin/numbers/{ONE}/suspend"


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPERVISOR])
async def test_one_person_suspends_a_number_at_once_and_a_second_confirms_it(
    tmp_path: Path, role: Role
) -> None:
    async with asked(tmp_path, role) as (client, register):
        was = await register.number()
        await register.somebody(Edit("office", "市教育局", {"office": "草稿"}, None, 1))
        assert "立即暂停使用" in await (await client.get(SUSPEND)).text()
        answer = await client.post(SUSPEND, data={"why": "swindle", "words": "接到三起举报"})
        page = await answer.text()

        assert answer.status == 200
        assert "请另一位同事在11月25日周三17:00前确认" in page
        now = await register.number()
        assert {c: v for c, v in now.items() if was[c] != v} == {
            "status": "suspended",
            "suspended_on": "2026-11-24",
        }
        release = (await register.desk.publishing.releases.releases(1))[0]
        assert (release.number, release.way, release.waits) == (2, "quick", True)
        assert release.reason == "有人冒用这个号码：接到三起举报"
        assert (await register.body("office", "市教育局")) == {"office": "草稿"}
        sent = (client.post(SUSPEND, data={"why": "swindle"}) for _ in range(2))
        for again in await asyncio.gather(*sent):
            assert "要恢复公布" in await again.text(), "going back in the browser suspends it once"
        assert (await register.desk.publishing.releases.newest()).number == 2
        english = await (await client.get(f"{SUSPEND}?lang=en")).text()
        assert ("Municipal Party Committee · " in english, "市委 · " in english) == (True, False)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "请选择原因"),
        ({"why": "magic"}, "请选择原因"),
        ({"why": "other", "words": " "}, "请选择原因"),
        ({"why": "other", "words": "长" * 501}, "说明太长"),
    ],
)
async def test_nothing_is_suspended_without_a_reason(
    tmp_path: Path, sent: dict[str, str], says: str
) -> None:
    async with asked(tmp_path) as (client, register):
        answer = await client.post(SUSPEND, data=sent)

        assert answer.status == 422
        assert says in await answer.text()
        assert (await register.number())["status"] == "published"


async def test_only_who_may_act_in_a_hurry_suspends_and_only_what_is_there(tmp_path: Path) -> None:
    async with asked(tmp_path, Role.AUDITOR) as (client, register):
        assert (await client.post(SUSPEND, data={"why": "asked"})).status == 403
        assert (await register.number())["status"] == "published"
    (tmp_path / "admin").mkdir()
    async with asked(tmp_path / "admin") as (client, _):
        missing = await client.get("/admin/numbers/+865589999999/suspend")
        assert missing.status == 404
        assert "名录里没有这一条" in await missing.text()
        assert missing.headers["Content-Security-Policy"]


async def test_a_suspended_number_goes_back_on_the_list_with_two_people(tmp_path: Path) -> None:
    async with asked(tmp_path) as (client, register):
        await client.post(SUSPEND, data={"why": "asked"})
        _, sent = await form(client, EDIT)
        sent.update(status="published", suspended_on="")
        assert (await client.post(EDIT, data=sent, allow_redirects=False)).status == 303
        preview = await register.desk.publishing.preview()

        assert preview.errors == ()
        assert preview.needs_second
