"""The phone in a real Chromium, against a line that each test leads step by step."""

import struct
from typing import Any

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


async def by_keyboard(page: Page, line: FakeLine) -> None:
    """A number is searched for and rung, prompts are heard, keys pressed."""
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


async def by_keypad(page: Page, line: FakeLine) -> None:
    """Each of its keys is sent, and typing is not."""
    names, before = [*"0123456789", "star", "hash"], sum(m["type"] == "digits" for m in line.heard)
    for name in names:
        await page.get_by_test_id(f"key-{name}").click()
    sent = [(await line.expect("digits"))["digits"] for _ in names]
    await line.tell(GATHER, say(3, "也可以直接说。"))
    await line.expect("played")
    await page.get_by_test_id("words").press_sequentially("住在3号")
    await page.get_by_test_id("say").click()

    assert "".join(sent) == "0123456789*#"
    assert (await line.expect("words"))["text"] == "住在3号"
    assert sum(m["type"] == "digits" for m in line.heard) == before + len(names)


async def prompts(page: Page, house: House) -> None:
    """Markup stays words, one with a voice is heard to its end and one without is read; a hushed
    one stops and is not reported."""
    line, said = house.line, page.locator("li[data-kind=say]")
    hostile = "<img src=x onerror=alert(1)><b>粗</b>"
    await line.tell(say(4, hostile))
    await line.expect("played")
    await expect(said.last.locator(".text")).to_have_text(hostile)
    assert await page.locator("#subtitles img, #subtitles b").count() == 0

    line.voices["made"], before = wav(1), await said.count()
    local = f"http://localhost:{house.url.rsplit(':', 1)[1]}/phone/voice/gone.wav"
    await line.tell({**say(5, "有声音。"), "url": "/phone/voice/made.wav", "seconds": 60.0})
    first = await line.expect("played")
    await line.tell({**say(6, "没有声音。"), "url": local})
    second = await line.expect("played")
    await line.tell({**say(7, ""), "kind": "pause", "seconds": 0.1})
    third = await line.expect("played")
    assert [first["id"], second["id"], third["id"]] == [5, 6, 7]
    assert line.asked == ["made", "gone"]
    await expect(said).to_have_count(before + 2)

    await line.tell({**say(8, "很长的一句。"), "seconds": 600.0})
    await expect(page.locator("li.now")).to_have_count(1)
    await line.tell({"type": "hush"}, say(9, "下一句。"))
    assert (await line.expect("played"))["id"] == 9
    await expect(page.locator("li.now")).to_have_count(0)


async def test_a_call_is_led_by_keyboard_and_keypad_and_read_as_a_conversation(
    page: Page, house: House
) -> None:
    await page.goto(f"{house.url}/phone")
    await house.line.expect("attach")
    await expect(page.locator("#phone")).to_have_attribute("data-busy", "no")
    fetched = page.locator("[data-live]")
    assert await fetched.evaluate_all("all => all.map(e => e.dataset.live)") == ["/phone/messages"]
    await by_keyboard(page, house.line)
    await by_keypad(page, house.line)
    await prompts(page, house)


async def at_8_khz(page: Page, line: FakeLine) -> None:
    """What the microphone hears reaches the recording."""
    await record(page, line)
    before = len(line.sound)
    await line.expect_sound(before + 32_000)
    await line.tell({"type": "recording", "on": False, "seconds": 2.4})
    samples = struct.unpack(f"<{len(line.sound) // 2}h", line.sound)
    assert max(abs(sample) for sample in samples) > 1000  # Chromium's pretended microphone beeps
    await expect(page.locator("li[data-kind=recording]")).to_have_text("录音 2 秒")
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "talking")


async def while_the_server_is_away(page: Page, line: FakeLine) -> dict[str, Any]:
    """What is said and typed is kept and reaches the recording; returns how the phone came back."""
    await record(page, line)
    await line.expect_sound(len(line.sound) + 4000)
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
    return again


async def test_what_is_said_reaches_the_recording_also_while_the_server_is_away(
    page: Page, house: House
) -> None:
    line = house.line
    await page.goto(f"{house.url}/phone")
    handset = (await line.expect("attach"))["handset"]
    await ring(page, line)
    await at_8_khz(page, line)
    again = await while_the_server_is_away(page, line)

    assert (again["handset"], again["call"]) == (handset, CALL)
    assert (await line.expect("words"))["text"] == "还在漏水"
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "recording")
    await expect(page.get_by_test_id("subtitles")).to_contain_text("已重新连接")


def rung(to: str = "+865580020007") -> dict[str, str]:
    return {"type": "ringing", "call": CALL, "from": "+865580000021", "to": to}


def over(reason: str, by: str, seconds: int = 0) -> dict[str, object]:
    return {"type": "hungup", "call": CALL, "reason": reason, "by": by, "seconds": seconds}


async def whispered_and_talked(page: Page, line: FakeLine) -> None:
    """Taken from the keyboard, accepted by a key, heard in both directions, ended by a click."""
    await line.tell(rung())
    await expect(page.get_by_test_id("answer")).to_be_focused()
    assert "来电" in await page.title()
    await expect(page.get_by_test_id("subtitles")).to_contain_text("0558-0000021")
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
    await line.expect_sound(len(line.sound) + 8000)
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "bridged")
    await page.get_by_test_id("hang-up").click()
    await line.expect("hangup")
    await line.tell(over("completed", "me", 9))
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "ended")
    await expect(page.get_by_test_id("attach")).to_be_visible()


async def cut_off(page: Page, line: FakeLine) -> None:
    """It does not claim to keep what is said."""
    await line.tell(
        rung(),
        {"type": "answered", "call": CALL},
        {"type": "bridged", "with": "+8613900000012"},
    )
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "bridged")
    await line.drop()
    note = page.locator("li[data-kind=note]").last
    await expect(note).to_have_text("线路断开，正在重新连接")


async def test_an_officials_phone_waits_declines_talks_and_is_cut_off(
    page: Page, house: House
) -> None:
    """It is the one that the link on the caller's phone leads to."""
    line, state = house.line, page.get_by_test_id("state")
    await page.goto(f"{house.url}/phone")
    await page.get_by_test_id("number-select").select_option("+865580000021")
    await line.expect("attach")
    await page.goto(str(await page.get_by_test_id("as-official").get_attribute("href")))
    await expect(page.get_by_test_id("official-number")).to_have_value("+865580020007")
    await page.get_by_test_id("attach").click()
    assert (await line.expect("attach"))["number"] == "+865580020007"
    await expect(state).to_contain_text("待接中")

    await line.tell(rung(), over("no-answer", "line"))
    await expect(state).to_contain_text("继续待接")

    await line.tell(rung())
    await page.get_by_test_id("decline").click()
    await line.expect("decline")
    await line.tell(over("busy", "me"))
    await expect(state).to_have_attribute("data-state", "ended")

    await whispered_and_talked(page, line)
    await cut_off(page, line)


async def test_callers_may_be_withheld_or_anybody(page: Page, house: House) -> None:
    for value, typed, number in (
        ("anonymous", "", "anonymous"),
        ("own", "１３８ ００００ 1234", "+8613800001234"),
    ):
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
    context = await browser.new_context(locale="zh-CN")
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


async def test_searching_finds_an_office_a_post_or_a_number_and_chooses_it(
    page: Page, house: House
) -> None:
    await page.goto(f"{house.url}/phone")
    options = page.locator("#number-select optgroup option")
    assert await options.count() == 81
    for wanted, found in (("05580000021", 1), ("water", 1), ("没有这个", 0)):
        await page.get_by_test_id("number-search").fill(wanted)
        assert await options.count() == found, wanted
    await page.get_by_test_id("number-search").fill("")
    assert await options.count() == 81

    chosen = page.locator("#number-select option:checked")
    for wanted, office in (("公安", "市公安局"), ("市公安局", "市公安局"), ("教育", "市教育局")):
        await page.get_by_test_id("number-search").fill(wanted)
        assert await chosen.get_attribute("data-office") == office
