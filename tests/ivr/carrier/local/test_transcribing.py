"""Start and Stop of a transcription, as Twilio carries them out (twilio-voice §5): pieces are told
beside the call, until they are stopped or the call ends, also after a restart."""

from __future__ import annotations

import asyncio
import json

import pytest

from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.local.verbs import Start, Stop
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import LINE, Hook, House, hear, twiml

WORDS = "/voice/words"


def started(house: House, name: str = "one", more: str = "") -> str:
    return (
        f'<Start><Transcription name="{name}" statusCallbackUrl="{house.base}{WORDS}" '
        f'languageCode="cmn-Hans-CN" track="inbound_track" {more}/></Start>'
    )


STOPPED = '<Stop><Transcription name="one"/></Stop>'


def told(house: House) -> list[tuple[str, str, str]]:
    """Event, number and words of each callback, by number: order is not promised."""
    return sorted(
        (hook.form["SequenceId"], hook.form["TranscriptionEvent"], words_of(hook))
        for hook in house.to(WORDS)
    )


def words_of(hook: Hook) -> str:
    data = hook.form.get("TranscriptionData")
    return "" if data is None else str(json.loads(data)["transcript"])


async def test_words_are_told_while_it_records_and_not_after(house: House) -> None:
    house.replies["/voice/answer"] = twiml(started(house), '<Record action="/voice/done"/>')
    house.replies["/voice/done"] = twiml(STOPPED, '<Gather input="dtmf speech" action="/voice/x"/>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        await phone.send("words", text="解放路的路灯坏了")
        await phone.send("words", text="坏了三天")
        await phone.send("digits", digits="#")
        await hear(phone, "waiting")
        await phone.send("words", text="谢谢")
        await hear(phone, "hungup")
        await house.hook(WORDS, nth=4)
        await house.hook("/voice/status")
    assert told(house) == [
        ("1", "transcription-started", ""),
        ("2", "transcription-content", "解放路的路灯坏了"),
        ("3", "transcription-content", "坏了三天"),
        ("4", "transcription-stopped", ""),
    ]
    last = next(hook.form for hook in house.to(WORDS) if hook.form["SequenceId"] == "3")
    assert (last["Track"], last["Final"], last["LanguageCode"]) == (
        "inbound_track",
        "true",
        "cmn-Hans-CN",
    )
    assert len({hook.form["TranscriptionSid"] for hook in house.to(WORDS)}) == 1


async def test_a_hang_up_ends_it(house: House) -> None:
    house.replies["/voice/answer"] = twiml(started(house), '<Record action="/voice/done"/>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        await phone.send("hangup")
        await house.hook(WORDS, nth=2)
    assert [event for _, event, _ in told(house)] == [
        "transcription-started",
        "transcription-stopped",
    ]


async def until_told(house: House, many: int) -> None:
    """So much; what the house has heard before a restart and the line has no answer for comes
    twice."""
    async with asyncio.timeout(DEADLINE), house._came:
        await house._came.wait_for(lambda: len(set(told(house))) >= many)


async def test_it_goes_on_after_a_restart(house: House) -> None:
    house.replies["/voice/answer"] = twiml(started(house), '<Record action="/voice/done"/>')
    phone = house.phone()
    async with phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        await house.hook(WORDS)
        await house.restart()
        await phone.connect()
        await hear(phone, "listening", kind="record")
        await phone.send("words", text="还在吗")
        await until_told(house, 2)
        await phone.send("digits", digits="#")
        await hear(phone, "hungup")
        await until_told(house, 3)
    assert [words for _, _, words in sorted(set(told(house)))] == ["", "还在吗", ""]


async def test_what_cannot_be_begun_or_ended_is_remarked_on(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        started(house), started(house), '<Stop><Transcription name="two"/></Stop>', "<Say>on</Say>"
    )
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        codes = [(await hear(phone, "warning"))["code"] for _ in range(2)]
        await hear(phone, "say", text="on")
        await hear(phone, "hungup")
    assert codes == [12200, 12200]


@pytest.mark.parametrize(
    "verb",
    [
        '<Start><Transcription statusCallbackUrl="/relative"/></Start>',
        "<Start><Recording/></Start>",
        "<Stop><Stream/></Stop>",
        "<Start/>",
    ],
)
def test_what_is_not_carried_out_here(verb: str) -> None:
    document = read_twiml(twiml(verb))
    assert document.verbs == ()
    assert bool(document.warnings) is (verb != "<Start/>")


def test_what_is_meant_arrives() -> None:
    body = twiml(
        '<Start><Transcription name="a" statusCallbackUrl="https://h/w" hints="a"/></Start>',
        '<Stop><Transcription name="a"/></Stop>',
    )
    document = read_twiml(body)
    assert document.verbs == (Start("a", "https://h/w"), Stop("a"))
    assert document.warnings == ()
