"""What our renderer writes is read by the embedded carrier without a remark."""

from __future__ import annotations

import pytest

from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.local.verbs import Dial as DialVerb
from ivr.carrier.local.verbs import Gather, Input, Pause
from ivr.carrier.local.verbs import Hangup as HangupVerb
from ivr.carrier.local.verbs import Record as RecordVerb
from ivr.carrier.local.verbs import Say as SayVerb
from ivr.carrier.profiles import LOCAL, TWILIO, Profile
from ivr.carrier.twiml import Twiml, Urls
from ivr.flow.instruction import (
    Ask,
    Dial,
    Hangup,
    Hold,
    Instruction,
    Join,
    Leave,
    Record,
    Refusal,
    Reject,
    Say,
    Tone,
)

URLS = Urls.of_turn("http://127.0.0.1:8080", "c0ffee", 3)


@pytest.mark.parametrize("profile", [LOCAL, TWILIO], ids=lambda profile: profile.name)
@pytest.mark.parametrize(
    "instruction",
    [
        Say("您好 <&> 😀", "zh-CN", slow=True, pause=1),
        Ask((Say("您好", "zh-CN"), Say("one", "en")), "zh-CN", speech=True, hints=("停水", "路灯")),
        Ask((), "en", digits=None, finish="#"),
        Record(transcribe="zh-CN"),
        Dial("+8613900000034", "+865580000021", 1),
        Hold("c0ffee-3"),
        Join("c0ffee-3"),
        Tone(),
        Leave(),
        Hangup(),
        Reject(Refusal.BUSY),
    ],
    ids=lambda instruction: type(instruction).__name__,
)
def test_no_remark(profile: Profile, instruction: Instruction) -> None:
    body = Twiml(profile).render((instruction,), URLS).decode()
    document = read_twiml(body)
    assert document.warnings == ()
    assert document.verbs


def test_what_is_meant_arrives() -> None:
    instructions = (
        Say("慢慢说", "zh-CN", slow=True, pause=1),
        Ask((Say("请说", "zh-CN"),), "zh-CN", wait=7, digits=None, finish="#", speech=True),
    )
    body = Twiml(LOCAL).render(instructions, URLS).decode()
    say, pause, gather = read_twiml(body).verbs
    assert isinstance(say, SayVerb)
    assert (say.text, say.pace) == ("慢慢说", 0.8)
    assert pause == Pause(1)
    assert isinstance(gather, Gather)
    assert (gather.timeout, gather.finish_on_key, gather.num_digits) == (7, "#", None)
    assert gather.input == frozenset(Input)


def test_the_last_verbs() -> None:
    record = read_twiml(Twiml(LOCAL).render((Record(),), URLS).decode()).verbs[0]
    assert isinstance(record, RecordVerb)
    assert (record.timeout, record.max_length, record.finish_on_key) == (10, 300, "#0")
    dial = read_twiml(Twiml(LOCAL).render((Dial("+1234", "+5678", 1),), URLS).decode()).verbs[0]
    assert isinstance(dial, DialVerb)
    assert (dial.caller_id, dial.timeout, dial.targets[0].number) == ("+5678", 20, "+1234")
    assert dial.targets[0].url
    assert read_twiml(Twiml(LOCAL).render((Hangup(),), URLS).decode()).verbs == (HangupVerb(),)
