"""The phones' WebSocket: what is refused, and to whom."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from ivr.carrier.local.socket import Connection
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import CALLER, LINE, OFFICIAL, House, hear, twiml


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "dial", "to": "call me"}, "bad-number"),
        ({"type": "dial", "to": 7}, "bad-message"),
        ({"type": "answer"}, "no-call"),
        ({"type": "decline"}, "no-call"),
        ({"type": "digits", "digits": "1"}, "no-call"),
        ({"type": "digits", "digits": "x"}, "bad-message"),
        ({"type": "words", "text": "hello"}, "no-call"),
        ({"type": "hangup"}, "no-call"),
        ({"type": "played"}, "bad-message"),
        ({"type": "hold", "number": "me"}, "bad-number"),
        ({"type": "attach", "handset": "another-phone"}, "bad-message"),
        ({"type": "sing"}, "bad-message"),
    ],
)
async def test_refusals_do_not_end_the_connection(
    house: House, message: dict[str, object], code: str
) -> None:
    async with house.phone() as phone:
        await hear(phone, "attached")
        await phone.send(str(message.pop("type")), **message)
        assert (await hear(phone, "error"))["code"] == code
        await phone.send("hold", number=OFFICIAL)
        await hear(phone, "attached", number=OFFICIAL)


async def test_nothing_works_before_attach(house: House) -> None:
    async with house.session.ws_connect(f"{house.base}/phone/socket") as socket:
        for text in ('{"type":"dial","to":"123"}', "not json", "[]", '{"type":"attach"}'):
            await socket.send_str(text)
            answer = await socket.receive_json(timeout=DEADLINE)
            assert answer["type"] == "error"
        await socket.send_bytes(b"\0\0")  # audio of nobody is dropped


@pytest.mark.parametrize(
    "text",
    [
        '{"type":[]}',
        '{"type":{}}',
        "[" * 30_000,
        '{"type":"dial","to":"+865580000021","from":"\\ud800"}',
        '{"type":"words","text":"\\udfff"}',
    ],
)
async def test_what_no_message_can_be_does_not_end_the_connection(house: House, text: str) -> None:
    """Kinds that cannot be looked up, nesting beyond the parser's depth, half a character."""
    async with house.session.ws_connect(f"{house.base}/phone/socket") as socket:
        await socket.send_str('{"type":"attach","handset":"a-phone-of-mine"}')
        await socket.receive_json(timeout=DEADLINE)
        await socket.send_str(text)
        answer = await socket.receive_json(timeout=DEADLINE)
        assert (answer["type"], answer["code"]) == ("error", "bad-message")
        await socket.send_str('{"type":"hold","number":"+8613900000034"}')
        assert (await socket.receive_json(timeout=DEADLINE))["type"] == "attached"
    assert not house.line.switch.legs


class Mute:
    """A socket whose phone sends for ever and reads nothing."""

    def __init__(self) -> None:
        self.sent = 0

    def __aiter__(self) -> Mute:
        return self

    async def __anext__(self) -> SimpleNamespace:
        self.sent += 1
        return SimpleNamespace(type=WSMsgType.TEXT, data="{}")


async def test_a_phone_that_does_not_read_is_dropped(house: House) -> None:
    """What it is answered must not fill the memory."""
    mute = Mute()
    async with asyncio.timeout(DEADLINE):
        await Connection(house.line.exchange).read(cast("web.WebSocketResponse", mute))
    assert 2_000 < mute.sent < 5_000


async def test_a_page_of_another_origin_is_refused(house: House) -> None:
    url = f"{house.base}/phone/socket"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.session.ws_connect(url, headers={"Origin": "http://evil.example"})
    assert refused.value.status == 403
    async with house.session.ws_connect(url, headers={"Origin": house.base}) as socket:
        assert not socket.closed


async def test_only_numbers_of_the_list_may_be_held(house: House) -> None:
    house.holdable = (CALLER, OFFICIAL)
    await house.restart()
    async with house.phone() as phone:
        assert (await hear(phone, "attached"))["numbers"] == [CALLER, OFFICIAL]
        await phone.send("hold", number="+8613900000099")
        assert (await hear(phone, "error"))["code"] == "not-holdable"


async def test_a_phone_in_a_call_is_busy(house: House) -> None:
    house.replies["/voice/answer"] = twiml("<Gather/>")
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("dial", to=LINE)
        assert (await hear(phone, "error"))["code"] == "busy"
        await phone.send("hold", number=OFFICIAL)
        assert (await hear(phone, "error"))["code"] == "busy"


async def test_odd_and_oversized_audio_changes_nothing(house: House) -> None:
    house.replies["/voice/answer"] = twiml('<Record action="/voice/done" trim="do-not-trim"/>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening")
        await phone.send_audio(b"\x00\x10\x00")
        await phone.send_audio(bytes(16000))
        await phone.send("digits", digits="1")
        await hear(phone, "hungup")
    assert house.to("/voice/done")[0].form["RecordingDuration"] == "1"
