"""A dispatcher sorts two cases in a real Chromium: by the suggestion, and from the list."""

from playwright.async_api import Page, expect

from routing.cases.sorting import Doubt, Unclear
from tests.routing.web.city import a_case
from tests.routing.web.conftest import Offices

WAITS = {"office": "市政府", "topic": None, "unsorted": True}


async def test_a_case_is_sorted_by_one_button_or_from_the_list(
    page: Page, offices: Offices
) -> None:
    water = Unclear(Doubt.UNSURE, ("water",))
    offices.cases.kept = [
        a_case("46270395", to_sort=water, **WAITS),
        a_case("10000008", **WAITS),
    ]
    await page.goto(f"{offices.url}/desk/office/市政府")
    first = page.locator("#case-46270395")
    await expect(first.get_by_test_id("to-sort")).to_have_text("待人工分办")
    await first.get_by_role("button", name="按“供水排水”分办").press("Enter")
    await expect(page.locator("h1")).to_contain_text("市政府")
    await expect(page.get_by_test_id("told")).to_contain_text("工单4627 0395已转市水利局。")
    await page.get_by_role("button", name="撤回分办").press("Enter")
    await expect(page.locator("#case-46270395")).to_be_focused()
    await expect(page.locator("#case-46270395")).to_contain_text("市政府撤回分办")
    await first.get_by_role("button", name="按“供水排水”分办").press("Enter")
    await page.get_by_test_id("told").get_by_role("link").click()
    await expect(page.locator("h1")).to_contain_text("市水利局")
    await expect(page.locator("#case-46270395")).to_be_focused()

    await page.goto(f"{offices.url}/desk/office/市政府")
    await expect(page.locator("article")).to_have_count(1)
    await page.get_by_role("link", name="人工分办").click()
    await page.get_by_role("button", name="教育 市教育局").click()
    await expect(page.get_by_test_id("told")).to_contain_text("已转市教育局")
    assert [done.topic for done in offices.cases.sorted] == ["water", "water", "education"]
