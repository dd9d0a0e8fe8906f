"""A restart after any message of a call: it ends the same, with one recording."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ivr.carrier.local.telephone import Telephone
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import LINE, OFFICIAL, House, twiml

MESSAGES = 18  # of the whole call, as the caller's phone hears it


def answers(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        "<Say>hello</Say>",
        '<Gather action="/voice/menu" numDigits="1" timeout="20"><Say>menu</Say></Gather>',
    )
    house.replies["/voice/menu"] = twiml(
        "<Say>speak</Say>",
        '<Record action="/voice/recorded" finishOnKey="#" trim="do-not-trim" timeout="0"/>',
    )
    house.replies["/voice/recorded"] = twiml(
        f'<Dial action="/voice/dialled" callerId="{LINE}" timeout="60">'
        f'<Number url="/voice/whisper">{OFFICIAL}</Number></Dial>'
    )
    house.replies["/voice/whisper"] = twiml('<Gather numDigits="1" timeout="20"/>', "<Hangup/>")
    house.replies["/voice/dialled"] = twiml("<Say>goodbye</Say>")


class Caller:
    """Does its part whenever it is asked; restarts the house after its nth message."""

    def __init__(self, house: House, phone: Telephone, restart_after: int) -> None:
        self.house = house
        self.phone = phone
        self.restart_after = restart_after
        self.call: str | None = None
        self.count = 0
        self.said: list[str] = []

    async def live(self) -> str:
        await self.phone.connect()
        await self.phone.send("dial", to=LINE)
        while True:
            heard = await self.phone.next(DEADLINE)
            assert isinstance(heard, dict)
            self.count += 1
            if heard["type"] == "hungup":
                return str(heard["reason"])
            await self.do(heard)
            if self.count == self.restart_after:
                await self.house.restart()
                await self.phone.connect(self.call)

    async def do(self, heard: dict[str, Any]) -> None:
        match heard["type"]:
            case "calling":
                self.call = heard["call"]
            case "say":
                self.said.append(heard["text"])
            case "waiting":
                await self.phone.send("digits", digits="1")
            case "recording" if heard["on"] and not heard["seconds"]:
                await self.phone.send("words", text="water")
            case "listening" if heard["kind"] == "record":
                await self.phone.send("digits", digits="#")


async def official(house: House) -> None:
    """Declines whatever rings; comes back after each restart."""
    phone = house.phone(OFFICIAL)
    try:
        while True:
            await decline(phone)
    finally:
        await phone.close()


async def decline(phone: Telephone) -> None:
    """Whatever rings, until the server restarts."""
    try:
        await phone.connect()
        while True:
            heard = await phone.next()
            if isinstance(heard, dict) and heard["type"] == "ringing":
                await phone.send("decline")
    except Exception:  # noqa: BLE001 - the server is restarting
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("restart_after", range(1, MESSAGES))
async def test_restart_after(tmp_path: Path, restart_after: int) -> None:
    async with House(tmp_path) as house:
        answers(house)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(official(house))
            caller = Caller(house, house.phone(), restart_after)
            reason = await caller.live()
            await house.hook("/voice/status")
            task.cancel()
        await caller.phone.close()

    assert caller.count > restart_after, "the call was shorter than that"
    assert reason == "completed"
    assert caller.said[-1] == "goodbye"
    recorded = house.to("/voice/recorded")
    assert len({hook.form["RecordingSid"] for hook in recorded}) == 1
    assert len({hook.form["CallSid"] for hook in house.hooks if hook.path != "/voice/whisper"}) == 1
    tokens = [hook.headers["I-Twilio-Idempotency-Token"] for hook in recorded]
    assert len(set(tokens)) == 1
    (recording,) = house.line.recordings.all()
    assert recording.words == "water"
    assert not list((tmp_path / "line" / "calls").glob("*"))
