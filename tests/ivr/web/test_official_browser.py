"""An official's phone in the browser: which one it is, switched on and off."""

import pytest
from playwright.async_api import Page, expect

from tests.ivr.web.conftest import House

OFFICE = "市水利局"


@pytest.mark.parametrize(
    ("tongue", "shown"),
    [
        ("zh", ("开机待接", "关机", "待接中")),
        ("en", ("Switch on", "Switch off", "Waiting")),
    ],
)
async def test_a_phone_that_is_on_says_so_and_is_switched_off_again(
    page: Page, house: House, tongue: str, shown: tuple[str, str, str]
) -> None:
    on, off, waiting = shown
    await page.goto(f"{house.url}/phone?as=official&lang={tongue}")
    switch = page.get_by_role("switch")
    await expect(switch).to_have_text(on)
    await expect(switch).to_have_attribute("aria-checked", "false")
    await switch.click()
    await house.line.expect("attach")
    await expect(switch).to_have_text(off)
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(page.get_by_test_id("state")).to_contain_text(waiting)
    await page.get_by_test_id("official-number").select_option("+865580020007")
    assert (await house.line.expect("hold"))["number"] == "+865580020007"
    await page.reload()
    await house.line.expect("attach")
    await expect(switch).to_have_text(off)
    await switch.click()
    await expect(switch).to_have_text(on)
    await expect(page.locator("#phone")).to_have_attribute("data-on", "no")
    await page.reload()
    await expect(switch).to_have_text(on)
    await switch.click()

    assert (await house.line.expect("attach"))["number"]


async def test_the_duty_desk_and_the_stand_in_are_told_apart(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone?as=official")
    shown = await page.locator("#official-number option").all_text_contents()
    pools = [text for text in shown if "值班" in text]
    stand_ins = [text for text in shown if "代接" in text]

    assert any(OFFICE in text for text in pools)
    assert any(OFFICE in text for text in stand_ins)
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("wanted", "office"), [("公安", "市公安局"), ("市公安局", "市公安局"), ("教育", "市教育局")]
)
async def test_who_searches_for_an_office_finds_it_chosen(
    page: Page, house: House, wanted: str, office: str
) -> None:
    await page.goto(f"{house.url}/phone")
    await page.get_by_test_id("number-search").fill(wanted)
    chosen = page.locator("#number-select option:checked")

    assert await chosen.get_attribute("data-office") == office
