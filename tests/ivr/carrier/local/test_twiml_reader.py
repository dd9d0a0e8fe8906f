"""The allow-list of TwiML, and what is noted about the rest."""

from __future__ import annotations

import pytest

from ivr.carrier.local.twiml_reader import UnreadableTwiml, read_twiml
from ivr.carrier.local.verbs import (
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Input,
    Leave,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    RejectReason,
    Say,
    Target,
    Verb,
)


def one(text: str) -> Verb:
    document = read_twiml(f"<Response>{text}</Response>")
    assert not document.warnings, document.warnings
    return document.verbs[0]


def codes(text: str) -> list[int]:
    return [remark.code for remark in read_twiml(f"<Response>{text}</Response>").warnings]


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("<Say>Hello\n   there</Say>", Say("Hello there")),
        (
            '<Say language="zh-CN" voice="Polly.Zhiyu">您好</Say>',
            Say("您好", "zh-CN", "Polly.Zhiyu"),
        ),
        ('<Say><prosody rate="90%">慢</prosody></Say>', Say("慢", pace=0.9)),
        ('<Say loop="0">x</Say>', Say("x", loop=1000)),
        ("<Play> /a.wav </Play>", Play("/a.wav")),
        ("<Pause/>", Pause(1)),
        (
            '<Enqueue action="/a" waitUrl="/w">x</Enqueue>',
            Enqueue("x", action="/a", wait_url="/w"),
        ),
        ("<Leave/>", Leave()),
        (
            '<Dial action="/a" timeout="5"><Queue>x</Queue></Dial>',
            Dial(action="/a", timeout=5, queue="x"),
        ),
        ('<Pause length="3"/>', Pause(3)),
        (
            (
                '<Gather input="dtmf speech" numDigits="4" finishOnKey=""'
                ' actionOnEmptyResult="true">'
                "<Say>a</Say><Pause/></Gather>"
            ),
            Gather(
                prompts=(Say("a"), Pause()),
                input=frozenset(Input),
                num_digits=4,
                finish_on_key="",
                action_on_empty=True,
            ),
        ),
        ("<Record/>", Record()),
        (
            '<Record trim="do-not-trim" transcribeCallback="/t" playBeep="false"/>',
            Record(
                trim=False,
                play_beep=False,
                transcribe=True,
                transcribe_callback="/t",
                max_length=120,  # §5: maxLength defaults to 120 with transcribe
            ),
        ),
        ("<Dial>+86123</Dial>", Dial((Target("+86123"),))),
        (
            '<Dial action="/a" timeout="20"><Number url="/w">+861</Number></Dial>',
            Dial((Target("+861", "/w"),), "/a", timeout=20),
        ),
        ('<Redirect method="get">/x</Redirect>', Redirect("/x", "GET")),
        ("<Hangup/>", Hangup()),
        ('<Reject reason="busy"/>', Reject(RejectReason.BUSY)),
    ],
)
def test_verbs(text: str, verb: Verb) -> None:
    assert one(text) == verb


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<say>x</say>", 12200),  # §4: names are case-sensitive
        ("<Refer/>", 12200),
        ("<Enqueue/>", 14201),
        ('<Say colour="red">x</Say>', 12200),
        ("<Say><blink>x</blink></Say>", 12200),
        ('<Gather timeout="soon"/>', 12200),
        ('<Gather finishOnKey="##"/>', 12200),
        ('<Gather input="video"/>', 13310),
        ("<Gather><Record/></Gather>", 13320),
        ('<Record playBeep="yes"/>', 12200),
        ("<Dial><Sip>sip:x</Sip></Dial>", 12200),
        ('<Redirect method="PUT">x</Redirect>', 12200),
        ('<Reject reason="tired"/>', 13810),
        ("<Play/>", 12200),
        ('<Pause length="0"/>', 12200),
        ('<Say><prosody rate="warp">x</prosody></Say>', 12200),
        ("<Dial>" + "<Number>+861</Number>" * 11 + "</Dial>", 12200),
    ],
)
def test_what_is_noted(text: str, code: int) -> None:
    assert codes(text) == [code]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 12100),
        ("<Response><Say></Response>", 12100),
        ("<Response>\x00</Response>", 12100),
        ('<!DOCTYPE r [<!ENTITY a "b">]><Response>&a;</Response>', 12100),
        ("<Twiml/>", 12102),
    ],
)
def test_what_cannot_be_read(body: str, code: int) -> None:
    with pytest.raises(UnreadableTwiml) as refused:
        read_twiml(body)
    assert refused.value.code == code


def test_comments_are_allowed() -> None:
    assert one("<!-- a comment --><Hangup/>") == Hangup()
