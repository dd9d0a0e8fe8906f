"""The office page in a real Chromium: it renews itself and a playing recording goes on."""

import dataclasses
from datetime import UTC, datetime

from playwright.async_api import Page, expect

from routing.accounts.roles import Role
from routing.cases.case import CaseState
from routing.cases.words import Words
from routing.ports import Audio, KeptRecording
from tests.doorman import account_of
from tests.routing.web.city import a_case, wav
from tests.routing.web.conftest import Offices

REFRESHED = """() => new Promise((done) => {
  const region = document.querySelector("[data-live]");
  new MutationObserver((_, seen) => { seen.disconnect(); done(); })
    .observe(region, { childList: true, subtree: true });
  region.dispatchEvent(new Event("refresh"));
})"""


async def test_new_cases_and_words_come_while_a_recording_plays_and_a_list_is_open(
    page: Page, offices: Offices
) -> None:
    silent = KeptRecording("RE1", 60, Audio.KEPT)
    old, earlier = a_case("10000000", recordings=()), a_case(recordings=(silent,))
    earlier = dataclasses.replace(earlier, group_of="10000000")
    offices.cases.kept = [earlier, old]
    offices.cases.sounds["RE1"] = wav(60)
    await page.goto(f"{offices.url}/desk/office/市水利局")
    await page.locator("main summary").click()
    await page.evaluate("document.querySelector('audio').play()")
    spoken = dataclasses.replace(silent, words=(Words("水管裂了。", "carrier"),))
    renewed = dataclasses.replace(earlier, recordings=(spoken,), state=CaseState.IN_PROGRESS)
    offices.cases.kept = [a_case("99990000", recordings=()), renewed, old]
    await page.evaluate(REFRESHED)

    await expect(page.locator("article")).to_have_count(3)
    await expect(page.get_by_test_id("case-words").filter(has_text="水管裂了。")).to_be_visible()
    await expect(page.locator("[data-key='10000000'] [data-testid=case-state]").first).to_have_text(
        "办理中"
    )
    assert await page.evaluate("!document.querySelector('[data-key=\"10000000\"] audio').paused")
    assert await page.locator("details[open]").count() == 1
    first = page.locator("[data-testid=cases] > section").first
    await expect(first).to_have_attribute("data-key", "99990000")


async def test_a_recording_has_its_length_and_can_be_heard_from_its_middle(
    page: Page, offices: Offices
) -> None:
    offices.cases.sounds["RE1"] = wav(60)
    await page.goto(f"{offices.url}/desk/office/市水利局")
    await page.wait_for_function("document.querySelector('audio').duration === 60")
    at = await page.evaluate(
        """async () => {
          const audio = document.querySelector("audio");
          await audio.play();
          audio.currentTime = 45;
          await new Promise((done) => audio.addEventListener("seeked", done, { once: true }));
          return [audio.duration, audio.currentTime];
        }"""
    )

    assert at[0] == 60
    assert 44.9 < at[1] < 50


async def test_a_case_that_is_gone_goes_and_the_order_is_the_offices(
    page: Page, offices: Offices
) -> None:
    offices.cases.kept = [a_case("11110000"), a_case("22220000"), a_case("33330000")]
    await page.goto(f"{offices.url}/desk/office/市水利局")
    offices.cases.kept = [a_case("33330000"), a_case("44440000"), a_case("11110000")]
    await page.evaluate(REFRESHED)

    keys = await page.locator("[data-testid=cases] > section").evaluate_all(
        "all => all.map((e) => e.dataset.key)"
    )
    assert keys == ["33330000", "44440000", "11110000"]


async def test_the_empty_state_makes_way_for_the_first_case(page: Page, offices: Offices) -> None:
    offices.cases.kept = []
    await page.goto(f"{offices.url}/desk")
    await expect(page.get_by_text("还没有工单", exact=True)).to_be_visible()
    offices.cases.kept = [a_case()]
    await page.evaluate(REFRESHED)

    await expect(page.get_by_text("还没有工单", exact=True)).to_have_count(0)
    await expect(page.locator("a.office")).to_contain_text("市水利局")


async def test_a_long_due_time_keeps_to_its_own_column(page: Page, offices: Offices) -> None:
    due = datetime(2026, 12, 11, 9, 30, tzinfo=UTC)
    offices.cases.kept = [a_case(due=due, recordings=())]
    await page.goto(f"{offices.url}/desk/office/市水利局")
    for width in (1180, 1024, 800, 390):
        await page.set_viewport_size({"width": width, "height": 860})
        await expect(page.locator(".due")).to_have_text("12月11日周五17:30前")
        spare = await page.locator(".due").evaluate("due => due.clientWidth - due.scrollWidth")

        assert spare >= 0, width


async def test_a_case_is_accepted_from_the_keyboard(page: Page, offices: Offices) -> None:
    """The button says whose it is to who does not see the card, and is gone afterwards."""
    offices.cases.kept = [a_case(recordings=()), a_case("10000007", recordings=())]
    await page.goto(f"{offices.url}/desk/office/市水利局?lang=en")
    button = page.locator("#case-46270395").get_by_role("button", name="Accept")
    await expect(button).to_have_accessible_description("Case 4627 0395")
    await button.focus()
    await page.keyboard.press("Enter")

    await expect(page.locator("#case-46270395 [data-testid=case-state]")).to_have_text(
        "In progress"
    )
    await expect(page.get_by_role("button", name="Accept")).to_have_count(1)
    assert page.url.endswith("#case-46270395")
    await expect(page.locator("#case-46270395")).to_be_focused()
    assert offices.cases.accepted == [("46270395", f"supervisor {account_of(Role.SUPERVISOR).id}")]
