"""An official's phone in the browser: which one it is, switched on and off."""

from playwright.async_api import Page, expect

from tests.ivr.web.conftest import House

OFFICE = "市水利局"


async def test_a_phone_that_is_on_says_so_and_is_switched_off_again(
    page: Page, house: House
) -> None:
    await page.goto(f"{house.url}/phone?as=official")
    switch = page.get_by_role("switch")
    await expect(switch).to_have_text("开机待接")
    await expect(switch).to_have_attribute("aria-checked", "false")
    told_apart(await page.locator("#official-number option").all_text_contents())
    await switch.click()
    await house.line.expect("attach")
    await expect(switch).to_have_text("关机")
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(page.get_by_test_id("state")).to_contain_text("待接中")
    await page.get_by_test_id("official-number").select_option("+865580020007")
    assert (await house.line.expect("hold"))["number"] == "+865580020007"
    await page.reload()
    await house.line.expect("attach")
    await expect(switch).to_have_text("关机")
    await switch.click()
    await expect(switch).to_have_text("开机待接")
    await expect(page.locator("#phone")).to_have_attribute("data-on", "no")
    await page.reload()
    await expect(switch).to_have_text("开机待接")
    await switch.click()

    assert (await house.line.expect("attach"))["number"]


def told_apart(shown: list[str]) -> None:
    """The duty desk and the stand-in, and every other."""
    pools = [text for text in shown if "值班" in text]
    stand_ins = [text for text in shown if "代接" in text]
    assert any(OFFICE in text for text in pools)
    assert any(OFFICE in text for text in stand_ins)
    assert len(set(shown)) == len(shown)


async def test_it_says_so_in_english(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone?as=official&lang=en")
    switch = page.get_by_role("switch")
    await expect(switch).to_have_text("Switch on")
    await switch.click()
    await house.line.expect("attach")
    await expect(switch).to_have_text("Switch off")
    await expect(page.get_by_test_id("state")).to_contain_text("Waiting")
    await switch.click()
    await expect(switch).to_have_text("Switch on")
