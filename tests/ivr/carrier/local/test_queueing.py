"""Enqueue and Dial's Queue: waiting, joining, leaving, and what both actions are told
(twilio-voice §1, §5 Enqueue, Queue, Leave; §7 Queues)."""

from __future__ import annotations

import pytest

from ivr.carrier.account import Account, CarrierRefused
from ivr.carrier.calls import CallRows, Placing
from ivr.carrier.local.telephone import Telephone
from tests.ivr.carrier.local.house import (
    ACCOUNT,
    LINE,
    OFFICIAL,
    TOKEN,
    House,
    hear,
    listen,
    twiml,
)
from tests.ivr.carrier.local.sounds import tone

ENQUEUE = '<Enqueue action="/voice/left" waitUrl="/voice/wait">room-1</Enqueue>'
COME = '<Dial action="/voice/after" timeout="5"><Queue>room-1</Queue></Dial>'


@pytest.fixture(autouse=True)
def waiting(house: House) -> None:
    house.replies["/voice/answer"] = twiml("<Say>hello</Say>", ENQUEUE)
    house.replies["/voice/wait"] = twiml("<Say>please wait</Say>")
    house.replies["/voice/left"] = twiml("<Say>after</Say>")
    house.replies["/voice/out"] = twiml(COME)


def rows(house: House) -> CallRows:
    return CallRows(Account(ACCOUNT, TOKEN, f"{house.base}/line"), house.session)


async def place(house: House) -> str:
    url = f"{house.base}/voice"
    wanted = Placing(OFFICIAL, LINE, f"{url}/out", f"{url}/told", f"{url}/fallback", "key")
    return await rows(house).place(wanted)


async def waits(caller: Telephone) -> None:
    await caller.send("dial", to=LINE)
    await hear(caller, "ringback", on=True)
    await hear(caller, "say", text="please wait")


async def joins(house: House, official: Telephone) -> str:
    await hear(official, "attached")
    sid = await place(house)
    await hear(official, "ringing")
    await official.send("answer")
    await hear(official, "bridged", **{"with": LINE})  # never the caller's own number
    return sid


async def test_who_waits_hears_a_document_over_and_over_until_somebody_comes(house: House) -> None:
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await waits(caller)
        await hear(caller, "say", text="please wait")
        sid = await joins(house, official)
        await hear(caller, "bridged", **{"with": OFFICIAL})
        await caller.send_audio(tone(0.1))
        assert await listen(official) == tone(0.1)
        await official.send_audio(tone(0.2))
        assert await listen(caller) == tone(0.2)
        house.clock.pass_(31)
        await official.send("hangup")
        assert (await hear(caller, "unbridged"))["seconds"] == 31
        await hear(caller, "say", text="after")
        await hear(caller, "hungup")

    heard, left = house.to("/voice/wait")[0].form, house.to("/voice/left")[0].form
    assert (heard["QueuePosition"], heard["CurrentQueueSize"]) == ("1", "1")
    assert heard["QueueSid"] == left["QueueSid"]
    assert heard["QueueSid"].startswith("QU")
    assert (left["QueueResult"], left["QueueTime"]) == ("bridged", "31")
    assert left["CallStatus"] == "in-progress"
    assert sid not in {left["CallSid"], heard["CallSid"]}
    await rows(house).clear(left["QueueSid"])
    await rows(house).clear(left["QueueSid"])  # one that is gone is deleted


async def test_leave_brings_the_caller_back(house: House) -> None:
    house.replies["/voice/wait"] = twiml("<Leave/>", "<Say>never heard</Say>")
    async with house.phone() as caller:
        await caller.send("dial", to=LINE)
        await hear(caller, "say", text="after")
    assert house.to("/voice/left")[0].form["QueueResult"] == "leave"


async def test_who_hangs_up_while_waiting_is_told_to_the_action(house: House) -> None:
    """§1: its TwiML is ignored. The queue stands empty: who dials it waits for the time-out, and
    a deleted one is none."""
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await waits(caller)
        sid = house.to("/voice/wait")[0].form["QueueSid"]
        with pytest.raises(CarrierRefused):
            await rows(house).clear(sid)
        await caller.send("hangup")
        left = await house.hook("/voice/left")
        assert (left.form["QueueResult"], left.form["CallStatus"]) == ("hangup", "completed")
        await hear(official, "attached")
        for status, then in (("no-answer", True), ("failed", False)):
            await place(house)
            await hear(official, "ringing")
            await official.send("answer")
            await hear(official, "hungup")
            assert house.to("/voice/after")[-1].form["DialCallStatus"] == status
            if then:
                await rows(house).clear(sid)


async def test_the_callee_goes_on_when_the_caller_hangs_up(house: House) -> None:
    house.replies["/voice/after"] = twiml("<Say>goodbye</Say>")
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await waits(caller)
        await joins(house, official)
        await hear(caller, "bridged")
        await caller.send("hangup")
        await hear(official, "unbridged")
        await hear(official, "say", text="goodbye")
    after = (await house.hook("/voice/after")).form
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "true")
    assert after["DialCallSid"] == house.to("/voice/answer")[0].form["CallSid"]
    left = (await house.hook("/voice/left")).form
    assert (left["QueueResult"], left["CallStatus"]) == ("bridged", "completed")


async def test_a_restart_changes_neither_the_wait_nor_the_talk(house: House) -> None:
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await waits(caller)
        call = house.to("/voice/answer")[0].form["CallSid"]
        await house.restart()
        await caller.connect(call)
        await official.connect()
        await hear(caller, "say", text="please wait")
        sid = await joins(house, official)
        await hear(caller, "bridged")
        await house.restart()
        await caller.connect(call)
        await official.connect(sid)
        await hear(official, "bridged", **{"with": LINE})
        await hear(caller, "bridged", **{"with": OFFICIAL})
        await caller.send_audio(tone(0.1))
        assert await listen(official) == tone(0.1)
        await official.send("hangup")
        await hear(caller, "say", text="after")
    assert house.to("/voice/left")[0].form["QueueResult"] == "bridged"


async def test_a_phone_that_rings_is_cancelled_and_one_that_is_up_is_turned(house: House) -> None:
    """§7 Update live call: `canceled` only while it rings, 21220 otherwise."""
    house.replies["/voice/out"] = twiml('<Gather timeout="60"/>')
    house.replies["/voice/taken"] = twiml("<Say>taken</Say>")
    async with house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        sid = await place(house)
        await hear(official, "ringing")
        assert await rows(house).cancel(sid)
        assert (await hear(official, "hungup"))["reason"] == "canceled"
        assert not await rows(house).cancel(sid)
        assert not await rows(house).cancel("CA" + "0" * 32)

        sid = await place(house)
        await hear(official, "ringing")
        await official.send("answer")
        await hear(official, "waiting")
        assert not await rows(house).cancel(sid)
        await rows(house).turn(sid, f"{house.base}/voice/taken")
        await hear(official, "say", text="taken")
        await hear(official, "hungup")
        await rows(house).turn(sid, f"{house.base}/voice/taken")
