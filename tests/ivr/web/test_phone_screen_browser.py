"""What the phone page shows of a call and where: labels of the keys, what is in reach, small
screens. In a real Chromium, against a line that each test leads."""

import asyncio
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, Route, expect

from ivr.ports.local_line import SentText
from tests.deadline import DEADLINE
from tests.ivr.web.conftest import BOOK, House
from tests.ivr.web.fake_line import FakeLine
from tests.ivr.web.test_phone_browser import CALL, GATHER, record, ring, say

MENU = str(BOOK.plain("menu.main", "zh-CN"))
PROGRESS = str(BOOK.plain("progress.menu", "en"))
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
LABELS = """Object.fromEntries([...document.querySelectorAll("[data-key-sign]")]
  .map((key) => [key.dataset.keySign, key.querySelector("small").textContent])
  .filter(([, label]) => label))"""


async def asked_now(page: Page, line: FakeLine) -> None:
    assert await page.evaluate(LABELS) == {}
    await line.tell(GATHER, say(1, MENU))
    await line.expect("played")
    options = {"1": "核验号码", "2": "反映事项", "3": "查进度", "5": "回拨未接来电"}
    main = {**options, "*": "重听", "0": "人工"}
    assert await page.evaluate(LABELS) == main
    assert await page.get_by_role("button", name="1, 核验号码").count() == 1
    await line.tell(
        {"type": "heard", "kind": "gather", "why": "digits", "digits": "2", "seconds": 0},
        GATHER,
        say(2, "If in doubt, press 1. To repeat, star; to add, 1; to withdraw, 3.", "en-US"),
    )
    await line.expect("played")
    await line.tell(say(3, PROGRESS, "en-US"))
    await line.expect("played")
    asked = {"1": "add", "3": "withdraw", "8": "under pressure", "*": "重听", "0": "人工"}
    assert await page.evaluate(LABELS) == asked
    await record(page, line)
    assert await page.evaluate(LABELS) == {"0": "人工", "#": "结束"}
    await line.tell({"type": "ringback", "on": True})
    await expect(page.get_by_test_id("state")).to_contain_text("正在接通")
    assert await page.evaluate(LABELS) == {}


async def sent_back(page: Page, line: FakeLine, phrase: str, keys: dict[str, str]) -> None:
    """Who is sent back to a menu has its keys."""
    said = BOOK.say(phrase, "zh-CN", {"keys": "1、2、3、4"}.__getitem__)
    for number, text in enumerate(("咨询按1，求助按2，投诉举报按3，建议按4。", said, said)):
        await line.tell(GATHER, say(number, text))
        await line.expect("played")
        heard = {"type": "heard", "kind": "gather", "why": "silence", "digits": "", "seconds": 0}
        labels = await page.evaluate(LABELS)
        await line.tell(heard)

    menu = {"1": "咨询", "2": "求助", "3": "投诉举报", "4": "建议", "*": "重听", "0": "人工"}
    assert labels == {**menu, **keys}, phrase


async def test_keys_bear_what_the_call_asks_now(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    await sent_back(page, house.line, "silence.2", {"2": "留言"})
    await sent_back(page, house.line, "wrong.2", {"2": "求助"})
    await page.reload()
    await ring(page, house.line)
    await asked_now(page, house.line)


async def test_what_stands_in_a_phrase_may_be_what_its_key_does(page: Page, house: House) -> None:
    line = house.line
    await page.goto(f"{house.url}/phone?lang=en")
    await ring(page, line)
    ask = BOOK.say("check.area", "en", lambda _: "Yunling (city)")
    await line.tell({**GATHER, "max_digits": None, "finish": "#"}, say(1, ask, "en-US"))
    await line.expect("played")

    assert await page.evaluate(LABELS) == {"1": "Yunling (city)", "#": "finished"}


SCREENS = ((1280, 800), (390, 844), (360, 640))
SMALL = (360, 740)


async def in_reach(page: Page, *shown: str) -> None:
    """On every screen, and none is scrolled sideways."""
    for width, height in SCREENS:
        await page.set_viewport_size({"width": width, "height": height})
        for one in shown:
            await expect(page.get_by_test_id(one)).to_be_in_viewport(ratio=1)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("role", ["caller", "official"])
async def test_hanging_up_and_every_key_are_in_reach(page: Page, house: House, role: str) -> None:
    """Also while the microphone's level is shown; by a finger and with the keyboard alike."""
    line = house.line
    await page.goto(f"{house.url}/phone?as={role}")
    if role == "caller":
        await ring(page, line)
    else:
        await page.get_by_test_id("attach").click()
        await line.expect("attach")
        await line.tell({"type": "ringing", "call": CALL, "from": "+865580000021", "to": "x"})
        await in_reach(page, "answer", "decline")
        await line.tell({"type": "answered", "call": CALL})
    await line.tell(GATHER, say(1, "反映本单位或其人员按1，其他单位按2，商家或个人按3。"))
    await line.expect("played")
    await in_reach(page, "hang-up")
    await record(page, line)
    await page.get_by_test_id("words").fill("路灯坏了")
    await page.keyboard.press("Enter")

    await in_reach(page, "hang-up", "key-1", "key-hash", "words", "state")


async def test_a_text_is_on_the_list_as_soon_as_it_is_heard_of(page: Page, house: House) -> None:
    """Even if the list was being fetched just then, before the text was on it."""
    line = house.line
    held = asyncio.Event()
    stale: list[str] = []

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        if not stale:
            stale.append(await answer.text())
            await held.wait()
        await route.fulfill(response=answer)

    await page.route("**/phone/messages", hold)
    await page.goto(f"{house.url}/phone")
    await ring(page, line)
    async with asyncio.timeout(DEADLINE):
        await page.wait_for_function("document.querySelector('#messages').children.length === 0")
        while not stale:
            await page.evaluate("new Promise((next) => requestAnimationFrame(next))")
    text = "工单编号4627 0391，查询码5904。"
    line.sent.append(SentText("SM1", "+8613900000012", text, NOON))
    await line.tell({"type": "sms", "sid": "SM1", "from": "x", "to": "y", "text": text, "at": "z"})
    await expect(page.get_by_test_id("subtitles")).to_contain_text("收到短信")
    held.set()

    shown = page.get_by_test_id("messages").locator(".message-text")
    await expect(shown).to_have_text(text.replace(" ", "\u00a0"))
    await page.unroute_all(behavior="wait")  # an answer under way would fail the next test


PATHS = ("/phone?as=official", "/desk", "/desk/office/市水利局", "/phone")
NAMELESS = """[...document.querySelectorAll("a[href], button, input, select, audio, meter")]
  .filter((e) => !e.closest("[hidden]"))
  .filter((e) => !(e.labels?.length || e.ariaLabel || e.textContent.trim()))
  .map((e) => e.outerHTML)"""
DOUBLED = """[...document.querySelectorAll("[id]")].map((e) => e.id)
  .filter((id, at, all) => all.indexOf(id) !== at)"""
WIDTH = "document.documentElement.scrollWidth"


async def whole(page: Page, path: str, tongue: str) -> None:
    """Nothing is scrolled sideways, all controls have names, no two elements one id."""
    assert await page.evaluate(WIDTH) <= 360, path
    assert await page.evaluate(NAMELESS) == [], path
    assert await page.evaluate(DOUBLED) == [], path
    assert await page.locator("h1").count() == 1, path
    assert (await page.locator("html").get_attribute("lang") or "").startswith(tongue)


async def in_sight(page: Page) -> None:
    """What the form is for is seen at once."""
    for width, height in (*SCREENS, SMALL):
        await page.set_viewport_size({"width": width, "height": height})
        await expect(page.get_by_test_id("ring")).to_be_in_viewport(ratio=1)
        if width == SCREENS[0][0]:
            await expect(page.get_by_test_id("caller-select")).to_be_in_viewport(ratio=1)


async def one_line(page: Page, line: FakeLine) -> None:
    """The state and the clock, whatever the state."""
    state = page.get_by_test_id("state")
    one = await state.evaluate("(e) => e.offsetHeight")
    await record(page, line)
    assert await state.evaluate("(e) => e.offsetHeight") == one
    await line.tell({"type": "recording", "on": False, "seconds": 1.0})
    for message, shown in (
        ({"type": "ringback", "on": True}, "talking"),
        ({"type": "bridged", "with": "+865580020007"}, "bridged"),
    ):
        await line.tell(message)
        await expect(state).to_have_attribute("data-state", shown)
        assert await state.evaluate("(e) => e.offsetHeight") == one, shown


@pytest.mark.parametrize("tongue", ["zh", "en"])
async def test_everything_is_there_on_the_smallest_screen(
    page: Page, house: House, tongue: str
) -> None:
    width, height = SMALL
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(f"{house.url}/phone?lang={tongue}")
    for path in PATHS:
        await page.goto(f"{house.url}{path}")
        await whole(page, path, tongue)
    await in_sight(page)
    await ring(page, house.line)
    await house.line.tell(say(1, "very" * 60, "en-US"))
    await house.line.expect("played")
    await expect(page.locator("li[data-kind=say]").last).to_be_in_viewport()
    assert await page.evaluate(WIDTH) <= 360
    assert await page.evaluate(NAMELESS) == []
    await one_line(page, house.line)
