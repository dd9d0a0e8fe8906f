"""In another carrier's place the embedded one refuses what that one does not know, and tells no
more than that one tells (twilio-voice §12)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ivr.carrier.local.dialects import EMBEDDED, Dialect, dialect_of
from ivr.carrier.local.twiml_reader import UnreadableTwiml, read_twiml
from tests.ivr.carrier.local.house import LINE, OFFICIAL, House, hear, texts_until_hangup, twiml
from tests.ivr.carrier.local.sounds import tone

TWILIO, SOMLENG, SIGNALWIRE = map(dialect_of, ("twilio", "somleng", "signalwire"))


def strangers(dialect: Dialect, *verbs: str) -> list[str]:
    return dialect.strangers(ET.fromstring(twiml(*verbs)))


@pytest.mark.parametrize("dialect", [TWILIO, SOMLENG, SIGNALWIRE], ids=lambda d: d.name)
def test_a_stranger_makes_a_document_unusable(dialect: Dialect) -> None:
    for verb in ("<Shout/>", '<Say loudness="3">a</Say>', "<Gather><Dial/></Gather>"):
        with pytest.raises(UnreadableTwiml, match="12200"):
            read_twiml(twiml(verb), dialect)
        assert read_twiml(twiml(verb)).warnings  # the embedded carrier goes on


@pytest.mark.parametrize(
    "verb",
    [
        "<Pause/>",
        '<Gather input="dtmf speech"/>',
        '<Gather language="en-US"/>',
        "<Gather><Pause/></Gather>",
        '<Dial timeLimit="60"/>',
        '<Dial><Number url="/whisper">+1</Number></Dial>',
        '<Record transcribe="true"/>',
        '<Record recordingStatusCallbackEvent="completed"/>',
        '<Record trim="do-not-trim"/>',
        '<Say><prosody rate="90%">a</prosody></Say>',
        "<Enqueue>a</Enqueue>",
        "<Start/>",
    ],
)
def test_somleng_bears_less(verb: str) -> None:
    assert strangers(SOMLENG, verb) != []
    assert strangers(TWILIO, verb) == []


def test_those_by_hand_are_parts_of_twilios() -> None:
    assert TWILIO.schema is not None
    for dialect in (SOMLENG, SIGNALWIRE):
        assert dialect.schema is not None
        for name, element in dialect.schema.items():
            assert element.holds <= TWILIO.schema[name].holds, name
            assert element.takes <= TWILIO.schema[name].takes, name


def test_every_other_name_is_the_embedded_carrier() -> None:
    assert dialect_of("local") is EMBEDDED
    assert EMBEDDED.strangers(ET.fromstring("<Response><Shout/></Response>")) == []


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, dialect=SOMLENG) as made:
        yield made


async def test_somleng_gives_up_a_document_that_it_does_not_know(house: House) -> None:
    house.replies["/voice/answer"] = twiml("<Say>one</Say>", "<Pause/>")
    house.replies["/voice/fallback"] = twiml("<Say>sorry</Say>")
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        assert await texts_until_hangup(phone) == ["sorry"]
    assert house.to("/voice/fallback")[0].form["ErrorCode"] == "12200"


async def test_somleng_names_no_key_and_no_recording(house: House) -> None:
    house.replies["/voice/answer"] = twiml('<Gather action="/voice/keys" numDigits="2"/>')
    house.replies["/voice/keys"] = twiml('<Record action="/voice/done" finishOnKey="#"/>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("digits", digits="1#")
        await hear(phone, "listening", kind="record")
        await phone.send_audio(tone(1.0))
        await phone.send("digits", digits="#")
        await hear(phone, "hungup")
    keys, done = house.to("/voice/keys")[0].form, house.to("/voice/done")[0].form
    assert keys["Digits"] == "1"
    assert not {"FinishedOnKey", "msg"} & keys.keys()
    assert not {"RecordingSid", "Digits"} & done.keys()
    assert done["RecordingDuration"] == "1"
    assert len(done["CallSid"]) == len("7d1c1a4e-0000-4000-8000-000000000000")


async def test_somleng_asks_for_nothing_after_a_hang_up_in_a_recording(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        '<Record action="/voice/done" recordingStatusCallback="/voice/recording"/>'
    )
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        await phone.send_audio(tone(1.0))
        await phone.send("hangup")
        told = (await house.hook("/voice/recording")).form
        await house.hook("/voice/status")
    assert told["RecordingUrl"].endswith(told["RecordingSid"])
    assert house.to("/voice/done") == []


async def test_somleng_says_of_a_talk_only_how_it_ended(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        f'<Dial action="/voice/rung" timeout="5"><Number>{OFFICIAL}</Number></Dial>'
    )
    async with house.phone() as phone, house.phone(OFFICIAL) as office:
        await phone.send("dial", to=LINE)
        await hear(office, "ringing")
        await office.send("answer")
        await hear(phone, "bridged")
        house.clock.pass_(31)
        await office.send("hangup")
        rung = (await house.hook("/voice/rung")).form
    assert (rung["DialCallStatus"], rung["DialCallDuration"]) == ("completed", "31")
    assert "DialBridged" not in rung


async def test_signalwire_signs_in_its_own_header(tmp_path: Path) -> None:
    async with House(tmp_path, dialect=SIGNALWIRE) as house:
        house.replies["/voice/answer"] = twiml("<Say>one</Say>", "<Pause/>")
        async with house.phone() as phone:
            await phone.send("dial", to=LINE)
            assert await texts_until_hangup(phone) == ["one", ""]
        assert "X-Twilio-Signature" not in house.to("/voice/answer")[0].headers
