"""Typing instead of speaking: what becomes of typed words depends on what the line takes. In a
real Chromium, against a line that each test leads."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.ivr.web.conftest import House
from tests.ivr.web.test_phone_browser import CALL, GATHER, RECORD, TAPE, record, ring, say

KEYS: dict[str, Any] = {**GATHER, "speech": False}
AHEAD = {"type": "ahead"}
ASK = "请在嘀声后说：什么事，在哪里。"


def sent(house: House, kind: str) -> list[str]:
    """What the phone has sent of a kind."""
    return [str(m.get("digits") or m["text"]) for m in house.line.heard if m["type"] == kind]


@pytest.mark.parametrize(
    ("tongue", "hint"),
    [
        ("zh", "还没到嘀声，请听到嘀声后再说"),
        ("en", "Wait for the tone, then say it"),
    ],
)
async def test_words_typed_before_the_tone_wait_for_it(
    page: Page, house: House, tongue: str, hint: str
) -> None:
    line, words = house.line, page.get_by_test_id("words")
    await page.goto(f"{house.url}/phone?lang={tongue}")
    await ring(page, line)
    await line.tell(AHEAD, {**say(1, ASK), "seconds": 600.0})
    await expect(page.locator("li.now")).to_have_count(1)
    await words.fill("路灯坏了")
    await page.get_by_test_id("say").click()
    await words.press("Enter")
    note = page.locator("li[data-kind=note]").filter(has_text=hint)
    await expect(note).to_have_count(1)
    await expect(words).to_have_value("路灯坏了")
    assert sent(house, "words") == []
    await record(page, line)
    await page.get_by_test_id("say").click()

    assert (await line.expect("words"))["text"] == "路灯坏了"
    await expect(words).to_have_value("")


async def test_words_typed_between_two_questions_stay_in_the_box(page: Page, house: House) -> None:
    line, words = house.line, page.get_by_test_id("words")
    await page.goto(f"{house.url}/phone")
    await ring(page, line)
    await words.fill("我家停水了")
    await words.press("Enter")
    await expect(page.locator("li[data-kind=note]").last).to_contain_text("请等线路说完")
    await expect(words).to_have_value("我家停水了")
    await line.tell(GATHER, say(1, "核验号码按1，反映事项按2。"))
    await line.expect("played")
    await words.press("Enter")

    assert (await line.expect("words"))["text"] == "我家停水了"


async def test_words_that_came_too_late_are_back_in_the_box(page: Page, house: House) -> None:
    line, words = house.line, page.get_by_test_id("words")
    await page.goto(f"{house.url}/phone")
    await ring(page, line)
    await line.tell(GATHER, say(1, "也可以直接说。"))
    await line.expect("played")
    await words.fill("我家停水了")
    await words.press("Enter")
    await line.expect("words")
    await line.tell({"type": "warning", "code": 0, "text": "not listening"})

    await expect(words).to_have_value("我家停水了")
    await expect(page.locator("li[data-kind=note]").last).to_contain_text("没有被听到")


async def test_in_an_empty_box_a_key_that_the_line_takes_is_a_key(page: Page, house: House) -> None:
    line, words = house.line, page.get_by_test_id("words")
    await page.goto(f"{house.url}/phone")
    await ring(page, line)
    await record(page, line)
    await words.focus()
    await page.keyboard.type("3号楼路灯坏了")
    await page.keyboard.press("Enter")
    assert (await line.expect("words"))["text"] == "3号楼路灯坏了"
    await expect(words).to_be_focused()
    await page.keyboard.press("#")

    assert (await line.expect("digits"))["digits"] == "#"
    await expect(words).to_have_value("")
    assert sent(house, "words") == ["3号楼路灯坏了"]
    await line.tell(GATHER, say(1, "补充按1。"))
    await line.expect("played")
    for key in "1*0":
        await page.keyboard.press(key)
        assert (await line.expect("digits"))["digits"] == key
    await expect(words).to_have_value("")


async def test_a_single_sign_that_is_said_is_a_key(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    await record(page, house.line)
    for typed, key in (("5", "5"), ("＊", "*"), ("７", "7"), ("＃", "#")):
        await page.get_by_test_id("words").fill(typed)
        await page.keyboard.press("Enter")

        assert (await house.line.expect("digits"))["digits"] == key
    assert sent(house, "words") == []


@pytest.mark.parametrize(("tongue", "why"), [("zh", "现在请按键"), ("en", "Use the keys")])
async def test_where_only_keys_are_taken_the_box_is_closed_and_says_why(
    page: Page, house: House, tongue: str, why: str
) -> None:
    line, words = house.line, page.get_by_test_id("words")
    await page.goto(f"{house.url}/phone?lang={tongue}")
    await ring(page, line)
    await words.fill("路灯")
    await line.tell(KEYS, say(1, "咨询按1，求助按2。"))
    await expect(words).to_be_disabled()
    await expect(page.get_by_test_id("say")).to_be_disabled()
    assert why in str(await words.get_attribute("placeholder"))
    await expect(page.locator("li[data-kind=note]").filter(has_text=why)).to_have_count(1)
    await page.keyboard.press("2")
    assert (await line.expect("digits"))["digits"] == "2"
    await line.tell(
        {"type": "heard", "kind": "gather", "why": "digits", "digits": "2", "seconds": 0}, AHEAD
    )
    await expect(words).to_be_enabled()
    await expect(words).to_have_value("路灯")


async def test_in_a_talk_the_box_is_closed_and_says_why(page: Page, house: House) -> None:
    line, words = house.line, page.get_by_test_id("words")
    await page.goto(f"{house.url}/phone")
    await ring(page, line)
    await line.tell({"type": "ringback", "on": True})
    await expect(words).to_be_disabled()
    assert "正在接通" in str(await words.get_attribute("placeholder"))
    await line.tell({"type": "bridged", "with": "+865580020007"})
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "bridged")
    await expect(words).to_be_disabled()
    assert "请用麦克风" in str(await words.get_attribute("placeholder"))
    await line.tell({"type": "unbridged", "seconds": 3}, TAPE, RECORD)
    await expect(words).to_be_enabled()
    await line.tell(
        {"type": "hungup", "call": CALL, "reason": "completed", "by": "line", "seconds": 9}
    )
    await expect(words).to_be_disabled()
