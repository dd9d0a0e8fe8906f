"""Typing instead of speaking: what becomes of typed words depends on what the line takes. In a
real Chromium, against a line that each test leads."""

from typing import Any

from playwright.async_api import Page, expect

from tests.ivr.web.conftest import House
from tests.ivr.web.fake_line import FakeLine
from tests.ivr.web.test_phone_browser import CALL, GATHER, RECORD, TAPE, record, ring, say

KEYS: dict[str, Any] = {**GATHER, "speech": False}
AHEAD = {"type": "ahead"}
NOTE = "li[data-kind=note]"
ASK = "请在嘀声后说：什么事，在哪里。"


def sent(house: House, kind: str) -> list[str]:
    """What the phone has sent of a kind."""
    return [str(m.get("digits") or m["text"]) for m in house.line.heard if m["type"] == kind]


async def let_out(page: Page) -> None:
    """By Escape the keys are the line's again, and what was typed stays."""
    words = page.get_by_test_id("words")
    await words.focus()
    await page.keyboard.press("3")
    await page.keyboard.press("Escape")
    await page.keyboard.press("2")
    await expect(words).to_have_value("3")


async def between_two_questions(page: Page, line: FakeLine) -> None:
    """They stay in the box until the line listens."""
    words = page.get_by_test_id("words")
    await words.fill("我家停水了")
    await words.press("Enter")
    await expect(page.locator(NOTE).last).to_contain_text("请等线路说完")
    await expect(words).to_have_value("我家停水了")
    await line.tell(GATHER, say(1, "核验号码按1，反映事项按2。"))
    await line.expect("played")
    await words.press("Enter")
    assert (await line.expect("words"))["text"] == "我家停水了"


async def too_late(page: Page, line: FakeLine) -> None:
    """They are back in the box."""
    await expect(page.get_by_test_id("words")).to_have_value("")
    await line.tell({"type": "warning", "code": 0, "text": "not listening"})
    await expect(page.get_by_test_id("words")).to_have_value("我家停水了")
    await expect(page.locator(NOTE).last).to_contain_text("没有被听到")


async def before_the_tone(page: Page, house: House, hint: str) -> None:
    """They wait for it."""
    line, words, before = house.line, page.get_by_test_id("words"), len(sent(house, "words"))
    await line.tell(AHEAD, {**say(2, ASK), "seconds": 600.0})
    await expect(page.locator("li.now")).to_have_count(1)
    await words.fill("路灯坏了")
    await page.get_by_test_id("say").click()
    await words.press("Enter")
    await expect(page.locator(NOTE).filter(has_text=hint)).to_have_count(1)
    await expect(words).to_have_value("路灯坏了")
    assert len(sent(house, "words")) == before
    await record(page, line)
    await page.get_by_test_id("say").click()
    assert (await line.expect("words"))["text"] == "路灯坏了"
    await expect(words).to_have_value("")


async def in_an_empty_box(page: Page, house: House) -> None:
    """A key that the line takes is a key, and so is a single sign that is said."""
    line, words = house.line, page.get_by_test_id("words")
    await words.focus()
    await page.keyboard.type("3号楼路灯坏了")
    await page.keyboard.press("Enter")
    assert (await line.expect("words"))["text"] == "3号楼路灯坏了"
    await expect(words).to_be_focused()
    said = sent(house, "words")
    for typed, key in (("5", "5"), ("＊", "*"), ("７", "7"), ("＃", "#")):
        await words.fill(typed)
        await page.keyboard.press("Enter")
        assert (await line.expect("digits"))["digits"] == key
    await page.keyboard.press("#")
    assert (await line.expect("digits"))["digits"] == "#"
    await expect(words).to_have_value("")
    await line.tell(GATHER, say(3, "补充按1。"))
    await line.expect("played")
    for key in "1*0":
        await page.keyboard.press(key)
        assert (await line.expect("digits"))["digits"] == key
    await expect(words).to_have_value("")
    assert sent(house, "words") == said


async def where_only_keys_are_taken(page: Page, line: FakeLine, why: str) -> None:
    """The box is closed and says why, and keeps what was typed."""
    words = page.get_by_test_id("words")
    await line.tell(AHEAD)
    await words.fill("路灯")
    await line.tell(KEYS, say(4, "咨询按1，求助按2。"))
    await expect(words).to_be_disabled()
    await expect(page.get_by_test_id("say")).to_be_disabled()
    assert why in str(await words.get_attribute("placeholder"))
    await expect(page.locator(NOTE).filter(has_text=why)).to_have_count(1)
    await page.keyboard.press("2")
    assert (await line.expect("digits"))["digits"] == "2"
    await line.tell(
        {"type": "heard", "kind": "gather", "why": "digits", "digits": "2", "seconds": 0}, AHEAD
    )
    await expect(words).to_be_enabled()
    await expect(words).to_have_value("路灯")


async def in_a_talk(page: Page, line: FakeLine) -> None:
    """The box is closed and says why, and so it is after the call."""
    words = page.get_by_test_id("words")
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


async def test_words_typed_in_a_call_from_its_beginning_to_its_end(
    page: Page, house: House
) -> None:
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    await let_out(page)
    assert (await house.line.expect("digits"))["digits"] == "2"
    await between_two_questions(page, house.line)
    await too_late(page, house.line)
    await before_the_tone(page, house, "还没到嘀声，请听到嘀声后再说")
    await in_an_empty_box(page, house)
    await where_only_keys_are_taken(page, house.line, "现在请按键")
    await in_a_talk(page, house.line)


async def test_in_english_the_box_says_why_it_waits(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone?lang=en")
    await ring(page, house.line)
    await before_the_tone(page, house, "Wait for the tone, then say it")
    await house.line.tell({"type": "recording", "on": False, "seconds": 1.0})
    await where_only_keys_are_taken(page, house.line, "Use the keys")
