"""A page that is loaded anew in a call: the call lives, and so does what was heard of it."""

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.ivr.web.conftest import House
from tests.ivr.web.fake_line import IDLE
from tests.ivr.web.test_phone_browser import LIVE, RECORD, TAPE, record, ring, say

UP: dict[str, Any] = {**LIVE, "call": {**LIVE["call"], "seconds": 83}}


async def test_the_clock_and_what_was_heard_are_taken_up_and_end_with_their_call(
    page: Page, house: House
) -> None:
    line = house.line
    await page.goto(f"{house.url}/phone")
    await line.expect("attach")
    await ring(page, line)
    for prompt in (say(1, "您好。"), say(2, "English, press 9.", "en-US")):
        await line.tell(prompt)
        await line.expect("played")
    await record(page, line)
    texts = await page.locator("#subtitles li:not([data-kind=recording])").all_text_contents()
    line.greeting = UP
    await page.reload()
    await line.expect("attach")
    await line.tell(say(2, "English, press 9.", "en-US"))  # told again to whoever is back
    await line.expect("played")
    await line.tell({**TAPE, "seconds": 3.0}, RECORD)

    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "recording")
    await expect(page.locator("#timer")).to_have_text(re.compile(r"^1:[2-5]\d$"))
    lines = page.locator("#subtitles li:not([data-kind=recording])")
    await expect(lines).to_have_text([*texts, "已重新连接，通话继续", texts[1]])
    said = page.locator("#subtitles li[data-kind=say]")
    assert [await said.nth(at).get_attribute("lang") for at in range(2)] == ["zh-CN", "en-US"]
    await expect(page.locator("#subtitles li[data-kind=recording]")).to_have_count(1)
    await expect(page.get_by_test_id("number-select")).to_have_value("+865580000001")
    await expect(page.locator("#party")).to_contain_text("0000001")

    line.greeting = dict(IDLE)
    await page.reload()
    await line.expect("attach")
    await expect(page.locator("#phone")).to_have_attribute("data-busy", "no")
    assert await page.locator("#subtitles li").count() == 0
    assert await page.evaluate("sessionStorage.getItem('zhitong-conversation')") is None
