"""The terminal phone: scripts on standard input, what is heard on standard output."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ivr.carrier.local.terminal import Wiring, rehearse, show, stdin_lines
from tests.ivr.carrier.local.house import (
    ACCOUNT,
    CALLER,
    LINE,
    OFFICIAL,
    TOKEN,
    House,
    twiml,
)
from tests.ports import free_port

MENU = (
    '<Gather action="/voice/turn" numDigits="1" timeout="200">'
    '<Say language="zh-CN">查号码，请按一。</Say></Gather>'
)


async def script(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line + "\n"


def wiring(house: House, out: list[str], *lines: str, save: Path | None = None) -> Wiring:
    return Wiring(
        base_url=house.base,
        lines=script(*lines),
        write=out.append,
        now=house.clock.now,
        save=save,
        patience=5,
    )


async def test_a_script_is_played_and_saved_as_a_golden_call(hasty: House) -> None:
    hasty.replies["/voice/answer"] = twiml(MENU)
    hasty.replies["/voice/turn"] = twiml(
        '<Say language="zh-CN">请说。</Say>',
        '<Record action="/voice/done" finishOnKey="#0" timeout="200"/>',
    )
    hasty.replies["/voice/done"] = twiml("<Say>Thank you</Say>", "<Gather/>")
    out: list[str] = []
    save = hasty.folder / "story.call"
    lines = (f"ring {LINE} as +8613700000001", "1", "say 我家停水了", "#", "wait")
    code = await rehearse(wiring(hasty, out, *lines, save=save))

    assert code == 0, out
    assert "< [zh-CN] 查号码，请按一。" in out
    assert "< [en-US] Thank you" in out
    assert out[-1] == "< (hung up: completed)"
    assert hasty.to("/voice/answer")[0].form["From"] == "+8613700000001"
    story = save.read_text(encoding="utf-8")
    assert re.sub(r"> record \d+", "> record 1", story).splitlines() == [  # as long as it took
        f"call {LINE} from +8613700000001 at 2026-03-02T01:00:00+00:00",
        "< zh: 查号码，请按一。",
        "> press 1",
        "< zh: 请说。",
        "< (beep)",
        "> record 1",
        "< en: Thank you",
        "> silence",
        "< (hangs up)",
    ]


async def test_keys_are_kept_as_the_line_took_them(hasty: House) -> None:
    """At a menu `#` is an entry; where it ends an input it is no digit; behind a full one it is
    the next input's."""
    asks = '<Gather action="/voice/{0}" {1} timeout="200"/>'
    for path, then in (
        ("answer", asks.format("menu", 'numDigits="1" finishOnKey=""')),
        ("menu", asks.format("number", "")),
        ("number", asks.format("full", 'numDigits="2"')),
        ("full", "<Hangup/>"),
    ):
        hasty.replies[f"/voice/{path}"] = twiml(then)
    out: list[str] = []
    save = hasty.folder / "story.call"

    assert await rehearse(wiring(hasty, out, f"ring {LINE}", "#", "110#", "12#", save=save)) == 0

    kept = [line for line in save.read_text(encoding="utf-8").splitlines() if line[0] == ">"]
    assert kept == ["> press #", "> press 110#", "> press 12"]


async def test_who_hangs_up_while_it_records_or_rings_is_kept_as_such(house: House) -> None:
    for verb, line, kept in (
        ('<Record action="/voice/done" timeout="200"/>', "say 喂", "> record 1 hangup"),
        ('<Record action="/voice/done" timeout="200"/>', "", "> hang up"),
    ):
        house.replies["/voice/answer"] = twiml(verb)
        save = house.folder / "story.call"

        lines = (f"ring {LINE}", line, "hang up")
        assert await rehearse(wiring(house, [], *lines, save=save)) == 0

        assert save.read_text(encoding="utf-8").splitlines()[-1] == kept


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((f"ring {LINE}", "hang up", f"ring {LINE}"), "keeps one call"),
        ((f"ring {LINE}", "dance"), "did not come to its end"),
        (("help",), "no number was rung"),
    ],
)
async def test_what_is_no_story_is_not_kept(house: House, lines: tuple[str, ...], why: str) -> None:
    house.replies["/voice/answer"] = twiml(MENU)
    out: list[str] = []
    save = house.folder / "story.call"

    assert await rehearse(wiring(house, out, *lines, save=save)) == 1

    assert any(why in line for line in out), out
    assert not save.exists()


def test_a_remark_without_a_code_is_a_sentence_alone() -> None:
    remark = {"type": "warning", "text": "the line is not listening for words now"}

    assert show({**remark, "code": 0}) == "! the line is not listening for words now"
    assert show({**remark, "code": 12200}) == "! 12200: the line is not listening for words now"


async def test_the_phone_is_the_callers_own_and_shows_the_texts_of_this_call(house: House) -> None:
    caller = "+8613700000001"
    house.replies["/voice/answer"] = twiml(MENU)

    async def text(to: str, body: str) -> None:
        auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        form = {"To": to, "From": LINE, "Body": body}
        async with house.session.post(
            f"{house.rest}/Messages.json", data=form, headers=auth
        ) as answer:
            assert answer.status == 201

    async def lines() -> AsyncIterator[str]:
        yield f"ring {LINE} as {caller}"
        await text(CALLER, "to another")
        await text(caller, "of this call")
        yield "hang up"

    await text(CALLER, "of an earlier call")
    await text(caller, "of an earlier call of his")
    out: list[str] = []
    wired = wiring(house, out)
    wired.lines = lines()
    assert await rehearse(wired) == 0
    assert [line for line in out if "text message" in line] == ["< (text message) of this call"]


async def test_a_second_phone_accepts(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        f'<Dial action="/voice/dialled"><Number url="/voice/whisper">{OFFICIAL}</Number></Dial>'
    )
    house.replies["/voice/whisper"] = twiml(
        '<Gather numDigits="1" action="/voice/yes"><Say>press 1</Say></Gather>', "<Hangup/>"
    )
    out: list[str] = []
    code = await rehearse(wiring(house, out, f"hold {OFFICIAL} 1", f"ring {LINE}", "hang up"))
    assert code == 0
    assert f"    {OFFICIAL}: < [en-US] press 1" in out
    assert "< (connected: speak to each other)" in out


async def test_standard_input_gives_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ring 1\n\nhang up"))
    assert [line async for line in stdin_lines()] == ["ring 1\n", "\n", "hang up"]


async def test_an_unknown_line_fails_with_the_list_of_lines(house: House) -> None:
    out: list[str] = []
    assert await rehearse(wiring(house, out, "dance")) == 1
    assert "not understood: dance" in out[0]
    assert "hold" in out[0]


async def test_help_is_a_line_too(house: House) -> None:
    out: list[str] = []
    assert await rehearse(wiring(house, out, "help")) == 0
    assert out[0].startswith("ring")
    assert "not understood" not in out[0]


async def test_a_line_after_the_call_fails_at_once_and_a_late_hang_up_is_no_fault(
    hasty: House,
) -> None:
    hasty.replies["/voice/answer"] = twiml("<Say>Goodbye</Say>")
    for last, code in (("wait", 1), ("1", 1), ("say 喂", 1), ("hang up", 0)):
        out: list[str] = []

        assert await rehearse(wiring(hasty, out, f"ring {LINE}", last)) == code, out
        assert ("! there is no call; ring a number first" in out) is bool(code)


async def test_numbers_are_typed_as_they_are_written_and_hanging_up_is_said_in_chinese(
    hasty: House,
) -> None:
    hasty.replies["/voice/answer"] = twiml('<Gather action="/voice/turn" timeout="200"/>')
    hasty.replies["/voice/turn"] = twiml('<Gather timeout="200"/>')
    out: list[str] = []

    lines = ("拨 0558-000 0021 as 137 0000 0001", "+86 558 000 0021#", "挂机")

    assert await rehearse(wiring(hasty, out, *lines)) == 0, out
    dialled = hasty.to("/voice/answer")[0].form
    assert (dialled["To"], dialled["From"]) == ("+865580000021", "+8613700000001")
    assert hasty.to("/voice/turn")[0].form["Digits"] == "05580000021"


async def test_a_server_that_is_not_there(house: House) -> None:
    out: list[str] = []
    wired = wiring(house, out)
    wired.base_url = f"http://127.0.0.1:{free_port()}"
    assert await rehearse(wired) == 1
    assert "is the server running?" in out[0]
