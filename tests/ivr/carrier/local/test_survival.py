"""A killed server, a lost connection: the call goes on, or ends properly.

Stopping a line cancels its tasks and writes nothing, which is what a kill leaves;
`test_killed.py` really kills a process.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.carrier.local.ledger import Ledger, append_bytes
from ivr.carrier.local.recordings import from_wav
from ivr.carrier.local.state import Direction, LegState
from ivr.carrier.local.telephone import Telephone
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import LINE, OFFICIAL, House, hear, listen, twiml
from tests.ivr.carrier.local.sounds import tone

RECORD = twiml('<Record action="/voice/done" trim="do-not-trim" timeout="0" finishOnKey="#"/>')


async def back(house: House, phone: Telephone, call: str) -> Telephone:
    """The same phone on a new connection."""
    again = Telephone(house.session, house.base, phone.number, handset=phone.handset)
    await again.connect(call)
    return again


async def kept(house: House, sid: str, size: int) -> None:
    """Until so much audio has reached the file."""
    async with asyncio.timeout(DEADLINE):
        while house.line.recordings.kept(sid) * 16000 < size:
            await asyncio.sleep(0)


async def test_a_recording_goes_on_after_a_restart(house: House) -> None:
    house.replies["/voice/answer"] = RECORD
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        call = (await hear(phone, "calling"))["call"]
        await hear(phone, "listening", kind="record")
        await phone.send_audio(tone(0.5))
        leg = house.line.switch.legs[call]
        assert leg.state.taping is not None
        await kept(house, leg.state.taping.sid, 8000)
        await house.restart()

        again = await back(house, phone, call)
        attached = await hear(again, "attached", state="live")
        assert attached["call"]["sid"] == call
        light = await hear(again, "recording", on=True)  # and no second beep
        assert light["seconds"] == 0.5
        await hear(again, "listening", kind="record")
        await again.send_audio(tone(0.25, hertz=880))
        await again.send("digits", digits="#")
        await hear(again, "hungup", by="line")
        await again.close()

    done = [hook.form for hook in house.to("/voice/done")]
    assert len(done) == 1
    assert len(house.to("/voice/answer")) == 1
    wav = house.line.recordings.media(done[0]["RecordingSid"])
    assert wav is not None
    assert from_wav(wav) == tone(0.5) + tone(0.25, hertz=880)


async def test_a_gather_is_asked_again_from_its_start(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        "<Say>first</Say>", '<Gather action="/voice/turn" numDigits="1"><Say>menu</Say></Gather>'
    )
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        call = (await hear(phone, "calling"))["call"]
        await hear(phone, "waiting")
        await house.restart()
        again = await back(house, phone, call)
        await hear(again, "listening", kind="gather")
        assert (await hear(again, "say"))["text"] == "menu"  # not the verb before it
        await again.send("digits", digits="4")
        await hear(again, "hungup")
        await again.close()
    assert house.to("/voice/turn")[0].form["Digits"] == "4"


async def test_an_unanswered_webhook_is_posted_again_with_its_token(house: House) -> None:
    """§3: I-Twilio-Idempotency-Token is the same when a request is repeated."""
    stuck = asyncio.Event()

    async def never(form: dict[str, str]) -> str:
        await stuck.wait()
        return twiml()

    house.replies["/voice/answer"] = never
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        call = (await hear(phone, "calling"))["call"]
        await house.hook("/voice/answer")
        house.replies["/voice/answer"] = twiml("<Say>here</Say>")
        await house.restart()
        again = await back(house, phone, call)
        await hear(again, "say", text="here")
        await hear(again, "hungup")
        await again.close()
    tokens = {hook.headers["I-Twilio-Idempotency-Token"] for hook in house.to("/voice/answer")}
    assert len(house.to("/voice/answer")) == 2
    assert len(tokens) == 1


async def test_targets_are_rung_again_under_their_old_sid(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        f'<Dial action="/voice/dialled"><Number url="/voice/whisper">{OFFICIAL}</Number></Dial>'
    )
    house.replies["/voice/whisper"] = twiml("<Gather/>", "<Hangup/>")
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        call = (await hear(caller, "calling"))["call"]
        leg = (await hear(official, "ringing"))["call"]
        await official.send("answer")
        await hear(official, "waiting")
        await house.restart()
        again = await back(house, caller, call)
        await hear(again, "ringback", on=True)
        other = await back(house, official, leg)
        assert (await hear(other, "ringing"))["call"] == leg
        await other.send("decline")
        await hear(again, "hungup")
        await again.close()
        await other.close()
    assert house.to("/voice/dialled")[0].form["DialCallStatus"] == "busy"


async def test_a_talk_is_bridged_again_once_both_are_back(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        f'<Dial action="/voice/dialled"><Number>{OFFICIAL}</Number></Dial>'
    )
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        call = (await hear(caller, "calling"))["call"]
        leg = (await hear(official, "ringing"))["call"]
        await official.send("answer")
        await hear(caller, "bridged")
        await house.restart()
        again, other = await back(house, caller, call), await back(house, official, leg)
        await hear(again, "bridged")
        await hear(other, "bridged")
        await again.send_audio(tone(0.1))
        assert await listen(other) == tone(0.1)
        await other.send("hangup")
        await hear(again, "hungup")
        await again.close()
        await other.close()
    done = house.to("/voice/dialled")[0].form
    assert (done["DialBridged"], done["DialCallSid"]) == ("true", leg)


async def test_a_phone_that_does_not_come_back_ends_its_recording(hasty: House) -> None:
    hasty.replies["/voice/answer"] = RECORD
    async with hasty.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        await phone.send_audio(tone(1.0))
        sid = next(iter(hasty.line.switch.legs.values())).state.taping
        assert sid is not None
        await kept(hasty, sid.sid, 16000)
        await hasty.restart()
    done = (await hasty.hook("/voice/done")).form
    assert (done["Digits"], done["RecordingDuration"]) == ("hangup", "1")
    assert (await hasty.hook("/voice/status")).form["CallStatus"] == "completed"
    assert not list((hasty.folder / "line" / "calls").glob("*"))


async def test_a_lost_connection_is_not_a_hang_up(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        '<Gather action="/voice/turn" numDigits="1" timeout="2"><Say>menu</Say></Gather>'
    )
    phone = house.phone()
    await phone.connect()
    phone.acks = False
    await phone.send("dial", to=LINE)
    call = (await hear(phone, "calling"))["call"]
    await hear(phone, "say")
    await phone.close()
    again = await back(house, phone, call)
    await hear(again, "listening")
    await hear(again, "say", text="menu")
    await again.send("digits", digits="6")
    await hear(again, "hungup")
    await again.close()
    assert house.to("/voice/turn")[0].form["Digits"] == "6"


async def test_a_tab_that_stays_away_hangs_up(hasty: House) -> None:
    hasty.replies["/voice/answer"] = twiml('<Gather timeout="3600"/>')
    phone = hasty.phone()
    await phone.connect()
    await phone.send("dial", to=LINE)
    await hear(phone, "waiting")
    await phone.close()
    assert (await hasty.hook("/voice/status")).form["CallStatus"] == "completed"
    assert not hasty.line.switch.handsets


async def test_a_ringing_phone_that_comes_back_rings_again(house: House) -> None:
    house.replies["/voice/answer"] = twiml(f"<Dial><Number>{OFFICIAL}</Number></Dial>")
    async with house.phone() as caller:
        official = house.phone(OFFICIAL)
        await official.connect()
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        leg = (await hear(official, "ringing"))["call"]
        await official.close()
        async with house.phone(OFFICIAL, handset=official.handset) as again:
            assert (await hear(again, "ringing"))["call"] == leg
            await again.send("answer")
            await hear(caller, "bridged")


async def test_time_without_a_phone_counts_for_no_deadline(house: House) -> None:
    state = LegState("CA1", Direction.INBOUND, "+1", "+2", house.clock.now().isoformat())
    leg = house.line.switch.open_leg(state)
    limit, never = leg.deadline(300), leg.deadline(None)
    before = limit.end
    leg.away += 40.0
    assert before is not None
    assert limit.end == pytest.approx(before + 40.0)
    assert never.end is None


async def test_a_call_the_line_forgot_is_lost(house: House) -> None:
    phone = house.phone()
    await phone.connect("CA" + "1" * 32)
    assert (await hear(phone, "attached"))["call"] is None
    assert (await hear(phone, "hungup"))["reason"] == "lost"
    await phone.close()


async def test_an_unsent_callback_is_sent_after_a_restart(house: House) -> None:
    held = asyncio.Event()

    async def never(form: dict[str, str]) -> str:
        await held.wait()
        return twiml()

    house.replies["/voice/status"] = never
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "hungup")
        await house.hook("/voice/status")
        await house.restart()
    second = await house.hook("/voice/status", nth=2)
    assert second.form == house.to("/voice/status")[0].form
    token = "I-Twilio-Idempotency-Token"
    assert second.headers[token] == house.to("/voice/status")[0].headers[token]


async def test_the_second_tab_takes_the_phone_over(house: House) -> None:
    async with house.phone() as phone, house.phone(handset=phone.handset) as tab:
        await hear(phone, "error", code="taken")
        await hear(tab, "attached", state="idle")


def test_a_torn_line_is_left_out(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(
        "CA1",
        {"sid": "CA1", "direction": "inbound", "from_": "+1", "to": "+2", "started": "2026"},
    )
    ledger.append("CA1", {"index": 3})
    append_bytes(tmp_path / "CA1.jsonl", b'{"index": 9')
    append_bytes(tmp_path / "CA2.jsonl", b'{"sid": ')
    states = ledger.restore()
    assert [(state.sid, state.index) for state in states] == [("CA1", 3)]
    ledger.append("CA1", {"index": 4})
    assert [state.index for state in ledger.restore()] == [4]
