"""The phone in a real Chromium, against a line that each test leads step by step."""

import struct
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.ivr.web.conftest import House
from tests.ivr.web.fake_line import FakeLine
from tests.routing.web.city import wav

CALL = "CA0001"
GATHER: dict[str, Any] = {
    "type": "listening",
    "kind": "gather",
    "keys": True,
    "speech": True,
    "max_digits": 1,
    "finish": "",
    "timeout": 10,
    "language": "cmn-Hans-CN",
}
RECORD = {"type": "listening", "kind": "record", "max_seconds": 300, "timeout": 10, "finish": "#0"}
TAPE = {"type": "recording", "on": True, "seconds": 0.0}
LIVE: dict[str, Any] = {
    "state": "live",
    "numbers": [],
    "voice": False,
    "call": {
        "sid": CALL,
        "direction": "out",
        "from": "+8613900000012",
        "to": "+865580000001",
        "answered": True,
    },
}


def say(number: int, text: str, language: str = "zh-CN") -> dict[str, Any]:
    """A short prompt which no voice speaks."""
    return {
        "type": "say",
        "id": number,
        "kind": "say",
        "text": text,
        "language": language,
        "pace": 1.0,
        "url": None,
        "seconds": 0.05,
    }


async def ring(page: Page, line: FakeLine) -> dict[str, Any]:
    """Dial what is chosen and have it answered; returns the dialling."""
    await page.get_by_test_id("ring").click()
    dialled = await line.expect("dial")
    await line.tell(
        {"type": "calling", "call": CALL, "to": dialled["to"], "from": dialled["from"]},
        {"type": "answered", "call": CALL},
    )
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "talking")
    return dialled


async def record(page: Page, line: FakeLine) -> None:
    """The tone, then the recording."""
    await line.tell({"type": "beep", "id": 90})
    assert (await line.expect("played"))["id"] == 90
    await line.tell(TAPE, RECORD)
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "recording")


async def test_a_call_by_keyboard_alone_is_read_as_a_conversation(page: Page, house: House) -> None:
    line = house.line
    await page.goto(f"{house.url}/phone")
    await line.expect("attach")
    await page.get_by_test_id("number-search").focus()
    await page.keyboard.type("水利局")
    await page.get_by_test_id("ring").focus()
    await page.keyboard.press("Enter")
    dialled = await line.expect("dial")
    chosen = await page.get_by_test_id("number-select").input_value()
    await line.tell(
        {"type": "calling", "call": CALL, "to": chosen, "from": dialled["from"]},
        {"type": "answered", "call": CALL},
        GATHER,
        say(1, "您好，市水利局公开电话。"),
    )
    await line.expect("played")
    await line.tell(say(2, "English, press 9.", "en-US"))
    await line.expect("played")
    for key in "20*#":
        await page.keyboard.press(key)

    pressed = [(await line.expect("digits"))["digits"] for _ in range(4)]
    heard = page.get_by_test_id("subtitles").locator("li[data-kind=say]")
    assert (dialled["to"], dialled["from"]) == (chosen, "+8613900000012")
    assert pressed == ["2", "0", "*", "#"]
    await expect(heard).to_have_text(
        ["热线 · 中文您好，市水利局公开电话。", "热线 · 英文English, press 9."]
    )
    assert [await heard.nth(i).get_attribute("lang") for i in range(2)] == ["zh-CN", "en-US"]
    await expect(page.locator("li[data-kind=you]")).to_contain_text("2 0 * #")


async def test_the_keypad_sends_each_of_its_keys_and_typing_does_not(
    page: Page, house: House
) -> None:
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    names = [*"0123456789", "star", "hash"]
    for name in names:
        await page.get_by_test_id(f"key-{name}").click()
    sent = [(await house.line.expect("digits"))["digits"] for _ in names]
    await house.line.tell(GATHER, say(1, "也可以直接说。"))
    await house.line.expect("played")
    await page.get_by_test_id("words").press_sequentially("住在3号")
    await page.get_by_test_id("say").click()

    assert "".join(sent) == "0123456789*#"
    assert (await house.line.expect("words"))["text"] == "住在3号"
    assert sum(m["type"] == "digits" for m in house.line.heard) == len(names)


async def test_only_the_list_of_messages_is_fetched_again(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone")
    await house.line.expect("attach")
    await expect(page.locator("#phone")).to_have_attribute("data-busy", "no")
    fetched = page.locator("[data-live]")

    assert await fetched.evaluate_all("all => all.map(e => e.dataset.live)") == ["/phone/messages"]


async def test_the_link_to_an_officials_phone_leads_to_the_one_that_rings(
    page: Page, house: House
) -> None:
    await page.goto(f"{house.url}/phone")
    await page.get_by_test_id("number-select").select_option("+865580000021")
    await page.goto(str(await page.get_by_test_id("as-official").get_attribute("href")))

    await expect(page.get_by_test_id("official-number")).to_have_value("+865580020007")
    await page.get_by_test_id("attach").click()
    await expect(page.get_by_test_id("state")).to_contain_text("待接中")


async def test_an_officials_phone_waits_on_after_a_call(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone?as=official")
    await page.get_by_test_id("attach").click()
    await house.line.expect("attach")
    await house.line.tell(
        {"type": "ringing", "call": CALL, "from": "+865580000021", "to": "+865580010001"},
        {"type": "hungup", "call": CALL, "reason": "no-answer", "by": "line", "seconds": 0},
    )

    await expect(page.get_by_test_id("state")).to_contain_text("继续待接")


async def test_words_with_markup_stay_words(page: Page, house: House) -> None:
    hostile = "<img src=x onerror=alert(1)><b>粗</b>"
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    await house.line.tell(say(1, hostile))
    await house.line.expect("played")

    await expect(page.locator("li[data-kind=say] .text")).to_have_text(hostile)
    assert await page.locator("#subtitles img, #subtitles b").count() == 0


async def test_a_prompt_with_a_voice_is_heard_to_its_end_and_one_without_is_read(
    page: Page, house: House
) -> None:
    house.line.voices["made"] = wav(1)
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    local = f"http://localhost:{house.url.rsplit(':', 1)[1]}/phone/voice/gone.wav"
    await house.line.tell({**say(1, "有声音。"), "url": "/phone/voice/made.wav", "seconds": 60.0})
    first = await house.line.expect("played")
    await house.line.tell({**say(2, "没有声音。"), "url": local})
    second = await house.line.expect("played")
    await house.line.tell({**say(3, ""), "kind": "pause", "seconds": 0.1})
    third = await house.line.expect("played")

    assert [first["id"], second["id"], third["id"]] == [1, 2, 3]
    assert house.line.asked == ["made", "gone"]
    await expect(page.locator("li[data-kind=say]")).to_have_count(2)


async def test_an_officials_phone_does_not_claim_to_keep_what_is_said(
    page: Page, house: House
) -> None:
    line = house.line
    await page.goto(f"{house.url}/phone?as=official")
    await page.get_by_test_id("attach").click()
    await line.expect("attach")
    await line.tell(
        {"type": "ringing", "call": CALL, "from": "+865580000021", "to": "x"},
        {"type": "answered", "call": CALL},
        {"type": "bridged", "with": "+8613900000012"},
    )
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "bridged")
    await line.drop()

    note = page.locator("li[data-kind=note]").last
    await expect(note).to_have_text("线路断开，正在重新连接")


async def test_a_hushed_prompt_stops_and_is_not_reported(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    await house.line.tell({**say(1, "很长的一句。"), "seconds": 600.0})
    await expect(page.locator("li.now")).to_have_count(1)
    await house.line.tell({"type": "hush"}, say(2, "下一句。"))

    assert (await house.line.expect("played"))["id"] == 2
    await expect(page.locator("li.now")).to_have_count(0)


async def test_the_microphone_reaches_the_recording_at_8_khz(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    await record(page, house.line)
    before = len(house.line.sound)
    await house.line.expect_sound(before + 32_000)
    await house.line.tell({"type": "recording", "on": False, "seconds": 2.4})

    samples = struct.unpack(f"<{len(house.line.sound) // 2}h", house.line.sound)
    assert max(abs(sample) for sample in samples) > 1000  # Chromium's pretended microphone beeps
    await expect(page.locator("li[data-kind=recording]")).to_have_text("录音 2 秒")
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "talking")


async def test_what_is_said_while_the_server_is_away_reaches_the_recording(
    page: Page, house: House
) -> None:
    line = house.line
    await page.goto(f"{house.url}/phone")
    handset = (await line.expect("attach"))["handset"]
    await ring(page, line)
    await record(page, line)
    await line.expect_sound(4000)
    await line.drop()
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "reconnecting")
    await expect(page.get_by_test_id("state")).to_contain_text("重新连接中")
    await page.get_by_test_id("words").fill("还在漏水")
    await page.get_by_test_id("say").click()
    line.sound.clear()
    line.greeting, line.open = LIVE, True
    again = await line.expect("attach")
    assert not line.sound  # nothing before the recording goes on
    await line.tell({**TAPE, "seconds": 0.4}, RECORD)
    await line.expect_sound(1280)

    assert (again["handset"], again["call"]) == (handset, CALL)
    assert (await line.expect("words"))["text"] == "还在漏水"
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "recording")
    await expect(page.get_by_test_id("subtitles")).to_contain_text("已重新连接")


async def test_the_officials_phone_rings_whispers_accepts_and_talks(
    page: Page, house: House
) -> None:
    line = house.line
    await page.goto(f"{house.url}/phone?as=official")
    await page.get_by_test_id("official-number").select_option("+865580010002")
    await page.get_by_test_id("attach").click()
    assert (await line.expect("attach"))["number"] == "+865580010002"
    await line.tell(
        {"type": "ringing", "call": CALL, "from": "+865580000002", "to": "+865580010002"}
    )
    await expect(page.get_by_test_id("answer")).to_be_focused()
    assert "来电" in await page.title()
    await expect(page.get_by_test_id("subtitles")).to_contain_text("0558-0000002")
    await page.keyboard.press("Enter")
    await line.expect("answer")
    await line.tell(
        {"type": "answered", "call": CALL}, GATHER, say(1, "求助，供水排水，接听请按1。")
    )
    await line.expect("played")
    await page.keyboard.press("1")
    assert (await line.expect("digits"))["digits"] == "1"
    await line.tell(
        {"type": "heard", "kind": "gather", "why": "digits", "digits": "1", "seconds": 0},
        {"type": "bridged", "with": "+8613900000012"},
    )
    await line.play(struct.pack("<1600h", *([8000, -8000] * 800)))
    before = len(line.sound)
    await line.expect_sound(before + 8000)
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "bridged")
    await page.get_by_test_id("hang-up").click()
    await line.expect("hangup")
    await line.tell(
        {"type": "hungup", "call": CALL, "reason": "completed", "by": "me", "seconds": 9}
    )

    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "ended")
    await expect(page.get_by_test_id("attach")).to_be_visible()


async def test_an_official_declines(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone?as=official")
    await page.get_by_test_id("attach").click()
    await house.line.expect("attach")
    await house.line.tell({"type": "ringing", "call": CALL, "from": "+865580000001", "to": "x"})
    await page.get_by_test_id("decline").click()
    await house.line.expect("decline")
    await house.line.tell(
        {"type": "hungup", "call": CALL, "reason": "busy", "by": "me", "seconds": 0}
    )

    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "ended")


@pytest.mark.parametrize(
    ("value", "typed", "number"),
    [("anonymous", "", "anonymous"), ("own", "１３８ ００００ 1234", "+8613800001234")],
)
async def test_callers_may_be_withheld_or_anybody(
    page: Page, house: House, value: str, typed: str, number: str
) -> None:
    await page.goto(f"{house.url}/phone")
    await house.line.expect("attach")
    await page.get_by_test_id("caller-select").select_option(value)
    if typed:
        await page.get_by_test_id("caller-own").fill(typed)
    await page.get_by_test_id("number-select").select_option("other")
    await page.get_by_test_id("number-other").fill("0558-0000021")
    await page.get_by_test_id("ring").click()
    dialled = await house.line.expect("dial")

    assert (dialled["to"], dialled["from"]) == ("+865580000021", number)


async def test_without_a_microphone_typing_counts_as_speaking(
    browser: Browser, house: House
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no'))"
    )
    await page.goto(f"{house.url}/phone")
    await ring(page, house.line)
    await record(page, house.line)
    await page.get_by_test_id("words").fill("路灯坏了")
    await page.keyboard.press("Enter")

    assert (await house.line.expect("words"))["text"] == "路灯坏了"
    await expect(page.get_by_test_id("subtitles")).to_contain_text("没有麦克风：可以")
    await house.line.tell({"type": "bridged", "with": "+865580020007"})  # a talk takes no typing
    await expect(page.get_by_test_id("subtitles")).to_contain_text("您听得到对方，对方听不到您")
    await context.close()


async def test_searching_finds_an_office_a_post_or_a_number(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/phone")
    options = page.locator("#number-select optgroup option")
    assert await options.count() == 81
    for wanted, found in (("05580000021", 1), ("water", 1), ("没有这个", 0)):
        await page.get_by_test_id("number-search").fill(wanted)
        assert await options.count() == found, wanted
    await page.get_by_test_id("number-search").fill("")

    assert await options.count() == 81
