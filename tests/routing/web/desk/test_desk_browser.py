"""The pages of offices in a real Chromium: whoever cannot see them well or has no mouse gets
everywhere, a protected case is opened on purpose, and a session's end leads to the sign-in."""

import dataclasses
import re

from playwright.async_api import Page, expect

from routing.accounts.roles import Role
from routing.audit import Action
from routing.cases.kinds import About, Kind
from routing.cases.moves import CaseMove, Way
from tests.axe import no_serious
from tests.doorman import signed_in
from tests.routing.web.city import NOON, a_case, wav
from tests.routing.web.conftest import Offices

SENT = CaseMove(1, Way.PERSON, "市政府", "市水利局", "water", None, NOON)
REPORT = a_case(kind=Kind.REPORT, about=About.MISCONDUCT, trail=(SENT,))
UNSORTED = a_case("10000007", topic=None, unsorted=True, recordings=())


async def test_a_protected_case_is_opened_by_keyboard_and_that_is_noted(
    page: Page, offices: Offices
) -> None:
    offices.cases.kept = [REPORT]
    offices.cases.sounds["RE1"] = wav(2)
    await signed_in(page, offices.url, Role.OFFICE)
    await page.goto(f"{offices.url}/desk")
    await expect(page.locator("h1")).to_contain_text("市水利局")
    await expect(page.get_by_test_id("case-words")).to_have_count(0)
    await no_serious(page)
    opening = page.get_by_role("link", name="打开工单，听录音、看文字")
    await expect(opening).to_have_accessible_description("工单编号 4627 0395")
    assert offices.cases.entries == []
    await opening.press("Enter")

    await expect(page.get_by_test_id("case-words")).to_contain_text("停水两天了")
    await page.wait_for_function("document.querySelector('audio').duration === 2")
    await no_serious(page)
    assert {entry.action for entry in offices.cases.entries} == {Action.CASE_OPENED}


async def test_every_page_is_for_whoever_sees_or_hears_it(page: Page, offices: Offices) -> None:
    offices.cases.kept = [dataclasses.replace(REPORT, kind=Kind.HELP, about=None), UNSORTED]
    offices.cases.missed = {"市水利局": 2}
    case = "/desk/cases/46270395"
    for path in (
        "/desk?lang=en",
        "/desk/office/市水利局",
        case,
        f"{case}/return",
        f"{case}/recordings/RE1/correction",
        "/desk/cases/10000007/topic",
        "/desk/cases/12345678",
    ):
        await page.goto(offices.url + path)
        await expect(page.locator("h1, main strong").first).to_be_visible()
        await no_serious(page)
    await signed_in(page, offices.url, Role.AUDITOR)
    await page.goto(f"{offices.url}/desk/office/市水利局?lang=en")
    await expect(page.locator("main")).to_contain_text("not shown to auditors")
    await no_serious(page)


async def test_where_the_session_is_over_the_page_leads_to_the_sign_in(
    page: Page, offices: Offices
) -> None:
    await page.goto(f"{offices.url}/desk/office/市水利局")
    await page.context.clear_cookies()
    await page.evaluate("document.querySelector('[data-live]').dispatchEvent(new Event('refresh'))")

    await page.wait_for_url(re.compile(r"/sign-in\?next="))
