"""A handler listens and writes down what was said, in a real Chromium."""

from playwright.async_api import Page, expect

from tests.routing.web.city import wav
from tests.routing.web.conftest import Offices


async def test_what_was_said_is_written_down_by_keyboard_and_shown_first(
    page: Page, offices: Offices
) -> None:
    offices.cases.sounds["RE1"] = wav(2)
    await page.goto(f"{offices.url}/desk/office/市水利局")
    await page.get_by_role("link", name="听写更正").click()
    text, by = page.get_by_label("录音里实际说的话"), page.get_by_label("听写人的岗位")
    await expect(text).to_have_value("幸福路三号停水两天了，请尽快修。")
    await text.fill("幸福里三号停水十天了")
    await page.get_by_role("button", name="保存").press("Enter")

    wrong = page.get_by_test_id("by-wrong")
    await expect(wrong).to_have_text("请填写您的岗位。")
    await expect(by).to_be_focused()
    await expect(by).to_have_attribute("aria-describedby", "by-wrong by-help")
    await expect(text).to_have_value("幸福里三号停水十天了")
    await page.keyboard.type("值班员")
    await page.keyboard.press("Enter")

    words = page.locator(".read blockquote")
    await expect(words).to_have_text(["幸福里三号停水十天了", "幸福路三号停水两天了，请尽快修。"])
    await expect(page.locator(".read figcaption").first).to_contain_text("人工听写：值班员")
    assert page.url.endswith("#case-46270395")


async def test_the_form_reads_in_english_and_on_a_small_screen(
    page: Page, offices: Offices
) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    form = "desk/cases/46270395/recordings/RE1/correction"
    await page.goto(f"{offices.url}/{form}?lang=en")

    await expect(page.get_by_label("What was really said")).to_be_visible()
    await expect(page.get_by_label("Your post")).to_be_visible()
    spare = "document.documentElement.clientWidth - document.documentElement.scrollWidth"
    assert await page.evaluate(spare) == 0
