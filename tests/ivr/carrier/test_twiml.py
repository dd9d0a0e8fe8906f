"""The rendered documents against twilio's VoiceResponse, in canonical XML (twilio-voice §5)."""

import inspect
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.twiml import lower_camel
from twilio.twiml import voice_response as sdk
from twilio.twiml.voice_response import VoiceResponse

from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.profiles import LOCAL, SIGNALWIRE, SOMLENG, TWILIO, Profile, without_words
from ivr.carrier.text import clean
from ivr.carrier.twiml import (
    MAX_BODY,
    MAX_SPOKEN,
    Twiml,
    TwimlDocuments,
    UnrenderableReply,
    Urls,
)
from ivr.flow.instruction import (
    Ask,
    Dial,
    Hangup,
    Instruction,
    Language,
    Record,
    Refusal,
    Reject,
    Say,
)

BASE = "https://ivr.example.cn"
STEM = f"{BASE}/voice/c4ll/turn/7"
TRIES = "#rc=2&rp=all&ct=1500&rt=3000&tt=14500"
ACTION = STEM + TRIES
ZH = {"language": "cmn-CN", "voice": "Polly.Zhiyu-Neural"}
EN = {"language": "en-US", "voice": "Polly.Joanna-Neural"}
TURN = Urls.of_turn(BASE, "c4ll", 7)
LEG = Urls.of_leg(BASE, "c4ll", 7, (2, 1))
BARE = replace(TWILIO, whisper=False, speech=False, pause=False, ssml=False, overrides="")


def rendered(*instructions: Instruction, profile: Profile = TWILIO, urls: Urls = TURN) -> str:
    return Twiml(profile).render(instructions, urls).decode()


def canonical(document: object) -> str:
    return ET.canonicalize(str(document))


def root_of(*instructions: Instruction, profile: Profile = TWILIO) -> ET.Element:
    return ET.fromstring(rendered(*instructions, profile=profile))


def test_a_menu_equals_the_sdks() -> None:
    expected = VoiceResponse()
    gather = expected.gather(
        action=ACTION,
        input="dtmf",
        timeout=10,
        num_digits=1,
        finish_on_key="",
        action_on_empty_result=True,
    )
    gather.say("您好，市公安局公开电话。", **ZH)
    gather.say("English, press 9.", **EN)
    gather.say("", **ZH).prosody("核验号码按1。", rate="80%")
    ask = Ask(
        (
            Say("您好，市公安局公开电话。", "zh-CN"),
            Say("English, press 9.", "en"),
            Say("核验号码按1。", "zh-CN", slow=True),
        ),
        "zh-CN",
    )

    assert canonical(rendered(ask)) == canonical(expected)


def test_speech_and_hints_equal_the_sdks() -> None:
    expected = VoiceResponse()
    gather = expected.gather(
        action=ACTION,
        input="dtmf speech",
        timeout=5,
        finish_on_key="#",
        action_on_empty_result=True,
        language="cmn-Hans-CN",
        hints='停水,漏水 房子,"a"&b',
        profanity_filter=False,
        speech_model="default",
        speech_timeout=2,
    )
    gather.say("请说。", **ZH)
    gather.pause(length=2)
    prompts = (Say("请说。", "zh-CN", pause=2),)
    ask = Ask(
        prompts,
        "zh-CN",
        wait=5,
        digits=None,
        finish="#",
        speech=True,
        hints=("停水", "漏水,房子", '"a"&b', " ", "\x00"),
    )

    assert canonical(rendered(ask)) == canonical(expected)


def test_speaking_and_hanging_up_equal_the_sdks() -> None:
    expected = VoiceResponse()
    expected.say('工单编号 <4627> & "0395"', **ZH)
    expected.pause(length=2)
    expected.hangup()

    assert canonical(
        rendered(Say('工单编号 <4627> & "0395"', "zh-CN", pause=2), Hangup())
    ) == canonical(expected)


@pytest.mark.parametrize("reason", Refusal)
def test_a_refusal_equals_the_sdks_and_stands_alone(reason: Refusal) -> None:
    """Only as the first verb it leaves the call unanswered (twilio-voice §5)."""
    expected = VoiceResponse()
    expected.reject(reason=reason.value)

    assert canonical(rendered(Reject(reason))) == canonical(expected)


@pytest.mark.parametrize("profile", [TWILIO, LOCAL])
def test_a_recording_equals_the_sdks(profile: Profile) -> None:
    expected = VoiceResponse()
    if profile.live:
        expected.start().transcription(
            name="turn-7",
            status_callback_url=f"{STEM}/transcription{TRIES}",
            language_code="cmn-Hans-CN",
            track="inbound_track",
            transcription_engine="google",
            speech_model="long",
            partial_results=False,
            profanity_filter=False,
            enable_automatic_punctuation=True,
        )
    expected.record(
        action=ACTION,
        finish_on_key="#0",
        max_length=300,
        timeout=10,
        play_beep=True,
        trim="do-not-trim",
        recording_status_callback=f"{STEM}/recording{TRIES}",
        recording_status_callback_event="completed absent",
        **(
            {"transcribe": True, "transcribe_callback": f"{STEM}/transcript{TRIES}"}
            if profile is LOCAL
            else {}
        ),
    )

    assert canonical(rendered(Record(transcribe="zh-CN"), profile=profile)) == canonical(expected)


def test_after_a_recording_nobody_listens_any_more() -> None:
    """By the name under which the last document had it begun (twilio-voice §5)."""
    documents = TwimlDocuments(TWILIO, BASE)
    begun = documents.turn((Record(transcribe="en"),), "c4ll", 6).decode()
    expected = VoiceResponse()
    expected.stop().transcription(name="turn-6")
    expected.say("Goodbye.", **EN)
    said = (Say("Goodbye.", "en"),)

    assert '<Transcription name="turn-6"' in begun
    assert canonical(documents.turn(said, "c4ll", 7, recorded=True).decode()) == canonical(expected)
    assert b"<Stop>" not in documents.turn(said, "c4ll", 7)
    for other in (LOCAL, SOMLENG, SIGNALWIRE, without_words(TWILIO)):
        plain = TwimlDocuments(other, BASE).turn((Record(transcribe="en"),), "c4ll", 7)
        assert b"Transcription " not in plain
        assert b"<Stop>" not in TwimlDocuments(other, BASE).turn(said, "c4ll", 7, recorded=True)


def test_where_nobody_wants_words_none_are_asked_for() -> None:
    assert "transcribe" not in rendered(Record(transcribe="en"), profile=without_words(LOCAL))


@pytest.mark.parametrize(
    ("whisper", "profile", "expects"),
    [(True, TWILIO, True), (False, TWILIO, False), (True, BARE, False)],
)
def test_a_dial_equals_the_sdks(whisper: bool, profile: Profile, expects: bool) -> None:
    expected = VoiceResponse()
    action = STEM + profile.overrides
    dial = expected.dial(action=action, caller_id="+862258001001", timeout=20, time_limit=7200)
    dial.number("+8613800000001", **({"url": f"{STEM}/leg/2/0{TRIES}"} if expects else {}))
    told = Dial("+8613800000001", "+862258001001", leg=2, whisper=whisper)

    assert canonical(rendered(told, profile=profile)) == canonical(expected)


def test_a_whisper_equals_the_sdks() -> None:
    expected = VoiceResponse()
    gather = expected.gather(
        action=f"{STEM}/leg/2/1{TRIES}",
        input="dtmf",
        timeout=10,
        num_digits=1,
        finish_on_key="",
        action_on_empty_result=True,
    )
    gather.say("接听按1，不便按2。", **ZH)
    expected.hangup()
    offer = (Ask((Say("接听按1，不便按2。", "zh-CN", pause=2),), "zh-CN"), Hangup())

    assert canonical(rendered(*offer, urls=LEG)) == canonical(expected)


def test_documents_hand_out_the_urls_of_the_turn_and_of_the_leg() -> None:
    documents = TwimlDocuments(TWILIO, f"{BASE}/")
    ask = (Ask((Say("好。", "zh-CN"),), "zh-CN"),)

    assert documents.turn(ask, "c4ll", 7) == rendered(*ask).encode()
    assert documents.leg(ask, "c4ll", 7, 2, 1) == rendered(*ask, urls=LEG).encode()


def test_a_bare_carrier_gets_no_speech_pause_or_pace() -> None:
    ask = Ask((Say("你好", "zh-CN", slow=True, pause=2),), "zh-CN", speech=True, hints=("a",))
    gather = root_of(ask, profile=BARE)[0]

    assert gather.attrib == {
        "action": STEM,
        "actionOnEmptyResult": "true",
        "finishOnKey": "",
        "numDigits": "1",
        "timeout": "10",
    }
    assert [child.tag for child in gather.iter()] == ["Gather", "Say"]


def test_somleng_gets_only_what_it_reads() -> None:
    ask = Ask((Say("输号码", "zh-CN", pause=2),), "zh-CN", digits=None, finish="#", speech=True)
    record, dial = Record(transcribe="zh-CN"), Dial("+8613800000001", "+862258001001", leg=0)
    gather, recording, dialling = root_of(ask, record, dial, profile=SOMLENG)

    assert gather.attrib == {
        "action": STEM,
        "actionOnEmptyResult": "true",
        "finishOnKey": "#",
        "timeout": "10",
    }
    assert gather[0].attrib == {"language": "cmn-CN", "voice": "Polly.Zhiyu"}
    assert recording.attrib == {
        "action": STEM,
        "finishOnKey": "#",
        "maxLength": "300",
        "timeout": "10",
        "playBeep": "true",
        "recordingStatusCallback": f"{STEM}/recording",
    }
    assert dialling.attrib == {"action": STEM, "callerId": "+862258001001", "timeout": "20"}
    assert dialling[0].attrib == {}


@pytest.mark.parametrize("profile", [SOMLENG, SIGNALWIRE])
def test_a_finish_key_that_is_not_told_comes_as_a_digit(profile: Profile) -> None:
    """Eight digits and `#` ask for a new PIN; without the `#` they would be half a number."""
    gather = root_of(Ask((), "zh-CN", digits=12, finish="#"), profile=profile)[0]

    assert (gather.get("numDigits"), gather.get("finishOnKey")) == ("12", "")


@pytest.mark.parametrize("text", ["", "  ", "\x00\x0b", "\ud800", "\u3000"])
def test_nothing_to_say_is_no_verb(text: str) -> None:
    assert len(root_of(Say(text, "zh-CN"))) == 0
    assert [verb.tag for verb in root_of(Say(text, "zh-CN", pause=1))] == ["Pause"]


def test_long_speech_is_cut_where_the_voice_ends() -> None:
    assert root_of(Say("&" * 10_000, "en"))[0].text == "&" * MAX_SPOKEN


@pytest.mark.parametrize(("filler", "count"), [("水", 53), ("", 500)])
def test_hints_stay_within_the_carriers_bounds(filler: str, count: int) -> None:
    words = tuple(f"{number}".rjust(150, filler) if filler else "a" for number in range(600))
    hints = root_of(Ask((), "zh-CN", speech=True, hints=words))[0].get("hints", "").split(",")

    assert len(hints) == count
    assert max(len(hint) for hint in hints) <= 100


def test_a_document_that_carriers_would_refuse_is_not_sent() -> None:
    with pytest.raises(UnrenderableReply, match=str(MAX_BODY)):
        rendered(*[Say("水" * 3_000, "zh-CN")] * 8)


@settings(max_examples=500, deadline=None)
@given(text=st.text(st.characters()), language=st.sampled_from(["zh-CN", "en"]), slow=st.booleans())
def test_any_text_is_well_formed_and_comes_back(text: str, language: Language, slow: bool) -> None:
    root = root_of(Say(text, language, slow=slow))
    expected = clean(text[:MAX_SPOKEN])

    assert "".join(root.itertext()) == ("" if expected.isspace() else expected)


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(st.sampled_from("\"'<>&;]#\x00\ud800\t\n我")),
    instruction=st.sampled_from(["dial", "hints", "finish", "keys"]),
)
def test_hostile_values_stay_inside_their_attribute(text: str, instruction: str) -> None:
    told: dict[str, Instruction] = {
        "dial": Dial(text, text, leg=0),
        "hints": Ask((), "zh-CN", speech=True, hints=(text,)),
        "finish": Ask((), "zh-CN", finish=text),
        "keys": Record(keys=text),
    }
    root = root_of(told[instruction])

    assert len(root) == 1
    assert len(list(root.iter())) == (3 if instruction == "dial" else 2)


EVERYTHING: tuple[Instruction, ...] = (
    Say("a", "en", slow=True, pause=1),
    Ask((Say("a", "en", slow=True, pause=1),), "en", speech=True, hints=("a",)),
    Record(transcribe="en"),
    Dial("+8613800000001", "+862258001001", leg=0),
    Hangup(),
    Reject(Refusal.BUSY),
)


def test_every_element_and_attribute_is_known_to_the_sdk() -> None:
    strangers: list[str] = []
    for profile in (TWILIO, LOCAL):
        root = root_of(*EVERYTHING, profile=profile)
        _compare(root, VoiceResponse, strangers)

    assert strangers == []


def _compare(element: ET.Element, kind: type, strangers: list[str]) -> None:
    """Each child must be a method of its parent's SDK class, each attribute its parameter."""
    for child in element:
        method = getattr(kind, child.tag.lower(), None)
        if method is None:
            strangers.append(f"{kind.__name__}/{child.tag}")
            continue
        known = {lower_camel(name) for name in inspect.signature(method).parameters}
        strangers.extend(f"{child.tag}@{name}" for name in child.attrib if name not in known)
        _compare(child, getattr(sdk, child.tag, sdk.SsmlProsody), strangers)


def test_a_stranger_would_be_found() -> None:
    root = ET.fromstring("<Response><Say loudness='3'/><Shout/></Response>")
    strangers: list[str] = []
    _compare(root, VoiceResponse, strangers)

    assert strangers == ["Say@loudness", "VoiceResponse/Shout"]


def test_the_embedded_carrier_has_no_remark_on_any_document() -> None:
    assert read_twiml(rendered(*EVERYTHING, profile=LOCAL)).warnings == ()
