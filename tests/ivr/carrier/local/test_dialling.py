"""Dial: ringing, whisper, bridge, and what the action is told (twilio-voice §1, §5 Dial)."""

from __future__ import annotations

import pytest

from ivr.carrier.local.telephone import Telephone
from tests.ivr.carrier.local.house import CALLER, LINE, OFFICIAL, House, hear, listen, twiml
from tests.ivr.carrier.local.sounds import tone

SECOND = "+8613900000056"
WHISPER = '<Gather action="/voice/accept" numDigits="1" timeout="2"><Say>Press 1</Say></Gather>'


def dial(*numbers: str, url: str = "/voice/whisper", more: str = "", action: bool = True) -> str:
    nouns = "".join(f'<Number url="{url}">{number}</Number>' for number in numbers)
    told = 'action="/voice/dialled"' if action else ""
    return twiml(f'<Dial {told} timeout="6" callerId="{LINE}" {more}>{nouns}</Dial>')


@pytest.fixture(autouse=True)
def screened(house: House) -> None:
    house.replies["/voice/whisper"] = twiml(WHISPER, "<Hangup/>")
    house.replies["/voice/accept"] = lambda form: (
        twiml() if form["Digits"] == "1" else twiml("<Hangup/>")
    )
    house.replies["/voice/answer"] = dial(OFFICIAL)
    house.replies["/voice/dialled"] = twiml("<Say>after</Say>")


async def accept(official: Telephone) -> None:
    await hear(official, "ringing")
    await official.send("answer")
    await hear(official, "say", text="Press 1")
    await official.send("digits", digits="1")
    await hear(official, "bridged")


async def test_one_accepts_and_both_hear_each_other(house: House) -> None:
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await hear(caller, "ringback", on=True)
        ringing = await hear(official, "ringing")
        assert ringing["from"] == LINE  # never the caller's own number (design §3)
        await official.send("answer")
        await hear(official, "listening", kind="gather")
        await official.send("digits", digits="1")
        await hear(official, "bridged")
        await hear(caller, "bridged")
        await caller.send_audio(tone(0.1))
        assert await listen(official) == tone(0.1)
        await official.send_audio(tone(0.2))
        assert await listen(caller) == tone(0.2)
        house.clock.pass_(31)
        await official.send("hangup")
        assert (await hear(caller, "unbridged"))["seconds"] == 31
        await hear(caller, "say", text="after")
        await hear(caller, "hungup")

    whisper, done = house.to("/voice/whisper")[0].form, house.to("/voice/dialled")[0].form
    parent = house.to("/voice/answer")[0].form["CallSid"]
    assert (whisper["ParentCallSid"], whisper["Direction"]) == (parent, "outbound-dial")
    assert (whisper["From"], whisper["To"]) == (LINE, OFFICIAL)
    assert done["DialCallSid"] == whisper["CallSid"] == ringing["call"]
    assert (done["DialCallStatus"], done["DialBridged"]) == ("completed", "true")
    assert (done["DialCallDuration"], done["CallStatus"]) == ("31", "in-progress")


async def test_another_key_declines(house: House) -> None:
    """§5 Number: Hangup in the whisper declines."""
    await decline(house, "2")


async def test_silence_declines(hasty: House) -> None:
    """A mobile's voicemail answers, and presses nothing."""
    hasty.replies["/voice/answer"] = dial(OFFICIAL).replace('timeout="6"', 'timeout="200"')
    await decline(hasty, "")


async def decline(house: House, keys: str) -> None:
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await hear(official, "ringing")
        await official.send("answer")
        await hear(official, "waiting")
        if keys:
            await official.send("digits", digits=keys)
        await hear(official, "hungup", by="line")
        await hear(caller, "say", text="after")
    done = house.to("/voice/dialled")[0].form
    assert (done["DialCallStatus"], done["DialBridged"]) == ("completed", "false")


async def test_a_declined_call_is_busy(house: House) -> None:
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await hear(official, "ringing")
        await official.send("decline")
        await hear(official, "hungup", by="me", reason="busy")
        await hear(caller, "ringback", on=False)
        await hear(caller, "hungup")
    assert house.to("/voice/dialled")[0].form["DialCallStatus"] == "busy"
    assert not house.to("/voice/whisper")


async def test_a_number_nobody_holds_rings_out(hasty: House) -> None:
    async with hasty.phone() as caller:
        await caller.send("dial", to=LINE)
        await hear(caller, "say", text="after")
    assert hasty.to("/voice/dialled")[0].form["DialCallStatus"] == "no-answer"


async def test_a_phone_that_comes_while_its_number_rings_rings_too(house: House) -> None:
    async with house.phone() as caller:
        await caller.send("dial", to=LINE)
        await hear(caller, "ringback", on=True)
        async with house.phone(OFFICIAL) as official:
            await accept(official)
            await caller.send("hangup")
            await hear(official, "hungup", by="peer")


async def test_an_engaged_phone_is_busy(house: House) -> None:
    async with house.phone() as first, house.phone() as second, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await first.send("dial", to=LINE)
        await accept(official)
        await second.send("dial", to=LINE)
        await hear(second, "say", text="after")
    assert house.to("/voice/dialled")[0].form["DialCallStatus"] == "busy"


async def test_the_caller_hangs_up_while_it_rings(house: House) -> None:
    """§1: during Dial the action is requested with a finished CallStatus, TwiML ignored."""
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await hear(official, "ringing")
        await caller.send("hangup")
        await hear(official, "hungup", reason="canceled", by="peer")
        done = (await house.hook("/voice/dialled")).form
    assert (done["CallStatus"], done["DialCallStatus"]) == ("completed", "canceled")
    assert done["DialBridged"] == "false"


async def test_the_caller_hangs_up_a_talk(house: House) -> None:
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await accept(official)
        await caller.send("hangup")
        await hear(official, "hungup", by="peer")
        done = (await house.hook("/voice/dialled")).form
    assert (done["DialBridged"], done["CallStatus"]) == ("true", "completed")


async def test_one_after_another_until_somebody_accepts(house: House) -> None:
    """§5 Dial sequential: a declined target is not the end of the hunt."""
    house.replies["/voice/answer"] = dial(OFFICIAL, SECOND, more='sequential="true"')
    async with house.phone() as caller, house.phone(OFFICIAL) as one, house.phone(SECOND) as two:
        await hear(two, "attached")
        await hear(one, "attached")
        await caller.send("dial", to=LINE)
        await hear(one, "ringing")
        await one.send("decline")
        await accept(two)
        await two.send("hangup")
        await hear(caller, "say", text="after")
    assert house.to("/voice/dialled")[0].form["DialBridged"] == "true"


async def test_together_the_first_to_answer_wins(house: House) -> None:
    house.replies["/voice/answer"] = dial(OFFICIAL, SECOND)
    async with house.phone() as caller, house.phone(OFFICIAL) as one, house.phone(SECOND) as two:
        await hear(two, "attached")
        await hear(one, "attached")
        await caller.send("dial", to=LINE)
        await hear(one, "ringing")
        await accept(two)
        await hear(one, "hungup", reason="canceled")
        await caller.send("hangup")


async def test_a_whisper_knows_no_other_verbs(house: House) -> None:
    """§5 Number url: only Play, Say, Gather, Hangup; no Dial (13201)."""
    house.replies["/voice/whisper"] = twiml("<Dial>+861</Dial>", "<Pause/>", "<Say>hello</Say>")
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await hear(official, "ringing")
        await official.send("answer")
        await hear(official, "warning", code=13201)
        await hear(official, "warning", code=12200)
        await hear(official, "say", text="hello")
        await hear(official, "bridged")  # ending the document bridges
        await caller.send("hangup")


async def test_a_broken_whisper_bridges_nobody(house: House) -> None:
    house.replies["/voice/whisper"] = "broken"
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await hear(official, "ringing")
        await official.send("answer")
        await hear(official, "hungup", by="line")
        await hear(caller, "say", text="after")
    assert house.to("/voice/dialled")[0].form["DialBridged"] == "false"


async def test_a_strange_caller_id_fails_the_dial(house: House) -> None:
    """§5 Dial callerId: To or From of the current call; 13214 otherwise."""
    house.replies["/voice/answer"] = dial(OFFICIAL).replace(LINE, "+8610000")
    async with house.phone() as caller:
        await caller.send("dial", to=LINE)
        await hear(caller, "warning", code=13214)
        await hear(caller, "say", text="after")
    assert house.to("/voice/dialled")[0].form["DialCallStatus"] == "failed"


async def test_answer_on_bridge_keeps_the_caller_ringing(house: House) -> None:
    """§5 Dial answerOnBridge as the first verb."""
    house.replies["/voice/answer"] = dial(OFFICIAL, more='answerOnBridge="true"')
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await accept(official)
        await hear(caller, "answered")
        await hear(caller, "bridged")
        await caller.send("hangup")
    assert house.to("/voice/whisper")[0].form["CallStatus"] == "in-progress"


async def test_without_an_action_the_next_verb_follows(house: House) -> None:
    """§5 Dial: action unset means the next verb; timeLimit ends the talk."""
    document = dial(OFFICIAL, action=False, more='timeLimit="1"')
    house.replies["/voice/answer"] = document.replace("</Response>", "<Say>next</Say></Response>")
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        await accept(official)
        await hear(caller, "unbridged")
        await hear(caller, "say", text="next")
        await hear(official, "hungup")


async def test_the_legs_progress_is_told_in_order_of_its_numbers(house: House) -> None:
    """§1 Number statusCallback: base, ParentCallSid, SequenceNumber from 0."""
    noun = (
        '<Number statusCallback="/voice/leg" statusCallbackEvent='
        f'"initiated ringing answered completed">{OFFICIAL}</Number>'
    )
    house.replies["/voice/answer"] = twiml(f"<Dial>{noun}</Dial>")
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        assert (await hear(official, "ringing"))["from"] == CALLER  # no callerId given
        await official.send("answer")
        await hear(caller, "bridged")
        await official.send("hangup")
        await house.hook("/voice/leg", nth=4)
    legs = sorted((hook.form for hook in house.to("/voice/leg")), key=lambda f: f["SequenceNumber"])
    statuses = [leg["CallStatus"] for leg in legs]
    assert statuses == ["queued", "ringing", "in-progress", "completed"]
    assert legs[3]["CallbackSource"] == "call-progress-events"
    assert all(leg["ParentCallSid"] for leg in legs)
