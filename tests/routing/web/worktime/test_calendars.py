"""The calendars' pages: the days to come, and an admin's own days in the draft."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.library.plans import Inputs
from routing.accounts.roles import Role
from routing.drafts.change import Author, Edit
from routing.web.worktime.override_form import year_sent
from routing.worktime.calendar import read_calendar
from tests.routing.web.worktime.town import Client, asked

HERE, OWN = "/admin/calendars", "/admin/calendars/overrides"
DAYS = {
    "key": "",
    "seen": "0",
    "office": "市教育局",
    "first": "2026-11-26",
    "last": "",
    "what": "off",
    "hours": "",
    "note": "校庆",
}
Cookies = Mapping[str, str]


async def sent(client: Client, path: str, form: Mapping[str, str], cookies: Cookies) -> None:
    answer = await client.post(path, data=form, cookies=cookies, allow_redirects=False)
    assert answer.status == 303, await answer.text()


async def read(client: Client, path: str, cookies: Cookies) -> str:
    answer = await client.get(path, cookies=cookies)
    assert answer.status == 200
    return await answer.text()


def row(page: str, day: str) -> str:
    """What the table says of a day."""
    return page.partition(f'data-day="{day}"')[2].partition("</tr>")[0]


async def test_the_days_to_come_are_shown_with_their_reasons(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        town.clock.at = people.clock.at = datetime(2026, 9, 21, 2, tzinfo=UTC)
        one = await people.cookie(Role.AUDITOR)

        page = await read(client, f"{HERE}?office=市教育局", one)

        assert page.count("data-day=") == 60
        assert "放假" in row(page, "2026-10-01")
        assert "不接听" in row(page, "2026-10-01")
        assert "调休上班" in row(page, "2026-10-10")
        assert "08:30–12:00" in row(page, "2026-10-10")
        assert "differs" not in row(page, "2026-09-22")
        assert "全天" in row(await read(client, f"{HERE}?office=市公安局", one), "2026-10-01")
        assert OWN not in page  # an auditor changes nothing


async def test_a_year_without_its_notice_is_said(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, _):
        page = await read(client, f"{HERE}?lang=en", await people.cookie(Role.ADMIN))

        assert "the holiday notice of 2027 is not entered" in page


async def test_days_are_saved_to_the_draft_and_seen_there(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        admin = await people.cookie(Role.ADMIN)

        await sent(client, OWN, DAYS, admin)

        change = await town.drafts.change("calendar", "new1")
        assert change is not None
        assert change.body == {
            "office": "市教育局",
            "first": "2026-11-26",
            "what": "off",
            "note": "校庆",
        }
        published = await read(client, f"{HERE}?office=市教育局", admin)
        draft = await read(client, f"{HERE}?office=市教育局&plan=draft", admin)
        assert "08:30" in row(published, "2026-11-26")
        assert "校庆" in row(draft, "2026-11-26")
        assert "不接听" in row(draft, "2026-11-26")
        assert "08:30" in row(draft, "2026-11-27")

        listed = await read(client, OWN, admin)
        assert "校庆" in listed
        seen = f"{change.revision}.1"
        assert f'name="seen" value="{seen}"' in await read(client, f"{OWN}?edit=new1", admin)
        await sent(client, f"{OWN}/remove", {"key": "new1", "seen": seen}, admin)
        assert (await town.drafts.draft()).changes == ()


async def test_a_years_notice_is_entered_in_spans(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        admin = await people.cookie(Role.ADMIN)
        assert "2027年：还没有录入" in await read(client, OWN, admin)
        assert "2026-10-01" in await read(client, f"{OWN}?year=2026", admin)
        form = {"year": "2027", "seen": "0", "off": "2027-01-01 至 2027-01-03\n2027-02-05",
                "make_up": "2027-02-14"}  # fmt: skip

        await sent(client, f"{OWN}/year", form, admin)

        change = await town.drafts.change("calendar", "notice-2027")
        assert change is not None
        assert change.body == {
            "year": "2027",
            "off": ["2027-01-01", "2027-01-02", "2027-01-03", "2027-02-05"],
            "make_up": ["2027-02-14"],
        }
        page = await read(client, f"{HERE}?plan=draft", admin)
        assert "放假通知还没有录入" not in page
        assert "2027年：已录入" in await read(client, OWN, admin)


@pytest.mark.parametrize(
    ("path", "form", "expected"),
    [
        (OWN, {**DAYS, "first": "x"}, ("first", "不是日期")),
        (OWN, {**DAYS, "last": "2026-11-01"}, ("last", "结束时间要晚于开始时间")),
        (OWN, {**DAYS, "what": "hours", "hours": "9-12"}, ("hours", "无法识别")),
        (OWN, {**DAYS, "office": "<i>none"}, ("office", "&lt;i&gt;none")),
        (OWN, {**DAYS, "note": "x" * 101}, ("note", "最多100个字")),
        (f"{OWN}/year", {"year": "2027", "off": "soon", "make_up": ""}, ("off", "不是日期")),
        (f"{OWN}/year", {"year": "2027", "off": "", "make_up": ""}, ("off", "这里要填写")),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(
    tmp_path: Path, demo_inputs: Inputs, path: str, form: dict[str, str], expected: tuple[str, str]
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        admin, (field, says) = await people.cookie(Role.ADMIN), expected

        answer = await client.post(path, data=form, cookies=admin)
        page = await answer.text()

        assert answer.status == 422
        assert f'id="{field}-fault"' in page
        assert says in page
        assert "<i>none" not in page
        assert (await town.drafts.draft()).changes == ()


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_an_entry_without_a_key_is_nobodys(
    tmp_path: Path, demo_inputs: Inputs, key: str
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, _):
        one = await people.cookie(Role.ADMIN)

        await sent(client, f"{OWN}/remove", {"key": key, "seen": "0"}, one)


async def test_two_who_change_one_entry_lose_nothing(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        admin = await people.cookie(Role.ADMIN)
        await sent(client, OWN, DAYS, admin)
        first = await town.drafts.change("calendar", "new1")
        assert first is not None
        theirs = {"first": "2026-11-26", "what": "work", "note": "照常上课"}
        edit = Edit("calendar", "new1", theirs, None, 1, first.revision)
        await town.drafts.save([edit], Author("other", "lin"), town.clock.at)

        mine = {**DAYS, "key": "new1", "seen": str(first.revision), "note": "停课一天"}
        answer = await client.post(OWN, data=mine, cookies=admin)
        page = await answer.text()

        assert answer.status == 409
        assert "照常上课" in page
        assert 'value="停课一天"' in page
        kept = await town.drafts.change("calendar", "new1")
        assert kept is not None
        assert kept.body == theirs

        again = {**mine, "seen": str(kept.revision)}
        assert f'name="seen" value="{kept.revision}.1"' in page
        await sent(client, OWN, again, admin)
        last = await town.drafts.change("calendar", "new1")
        assert last is not None
        assert last.body is not None
        assert last.body["note"] == "停课一天"


async def test_published_days_change_the_calls(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        admin = await people.cookie(Role.ADMIN)
        await sent(client, OWN, DAYS, admin)
        draft = await town.drafts.draft()

        by = Author("admin", "admin")
        await town.desk.publishing.publish(draft.revision, "校庆", by)

        newest = await town.releases.newest()
        (override,) = read_calendar(newest.document["calendar_overrides"]).overrides
        assert override.note == "校庆"


async def test_who_may_look_and_who_may_edit(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, _):
        supervisor = await people.cookie(Role.SUPERVISOR)
        office = await people.cookie(Role.OFFICE)

        assert (await client.get(HERE, cookies=supervisor)).status == 200
        assert (await client.get(OWN, cookies=supervisor)).status == 403
        assert (await client.post(OWN, data=DAYS, cookies=supervisor)).status == 403
        assert (await client.get(HERE, cookies=office)).status == 403


def test_a_line_that_is_too_long_is_no_span() -> None:
    """However often it says "to": each place where it might be cut was tried with all others."""
    line = f"2026-10-01{' ' * 100}to 2026-10-03"

    assert year_sent({"off": line}).body()["off"] == [line]
    assert year_sent({"off": "2026-10-01 to 2026-10-02"}).body()["off"] == [
        "2026-10-01",
        "2026-10-02",
    ]
