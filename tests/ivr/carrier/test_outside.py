"""Whole calls with a carrier outside, each with its own ways: who is put through, who never is, and
what becomes of what was said (twilio-voice §5 Number, §12; design §3, Put through)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ivr.carrier.local.telephone import Telephone
from ivr.carrier.local.webhooks import Parcel
from ivr.carrier.profiles import CarrierName
from storage.tables.calls import leg_answers, steps
from storage.tables.cases import cases, recordings, transcripts
from storage.tables.pieces import pieces
from tests.deadline import DEADLINE
from tests.ivr.carrier.faulty_line import Faults, to
from tests.ivr.carrier.local.house import hear
from tests.ivr.carrier.local.sounds import tone
from tests.ivr.carrier.outside import BRISK, Outside, outside

CALLER, LINE = "+8613900000012", "+865580000021"
POOL, STAND_IN = "+865580020007", "+865580030007"
LEADER, LEADERS_PHONE, LEADERS_POOL = "+865580000001", "+865580010001", "+865580020001"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of a developer


async def state_a_matter(caller: Telephone, line: str, *keys: str) -> None:
    """As far as the end of the recording."""
    await caller.send("dial", to=line)
    for key in keys:
        await hear(caller, "waiting")
        await caller.send("digits", digits=key)
    await hear(caller, "listening", kind="record")
    await caller.send_audio(tone(1.0))
    await caller.send("digits", digits="#")


async def talk_on(machine: Telephone, heard: list[str]) -> None:
    """A voicemail: takes up the phone, plays its greeting and listens, but presses nothing."""
    while True:
        message = await machine.next()
        if isinstance(message, bytes):
            continue
        heard.append(message["type"])
        match message["type"]:
            case "ringing":
                await machine.send("answer")
            case "say" | "waiting":
                await machine.send_audio(tone(0.5))
                await machine.send("words", text="您好，我现在不方便接听，请在嘀声后留言。")


@pytest.mark.parametrize("carrier", ["twilio", "signalwire"])
async def test_a_machine_that_takes_up_the_phone_is_never_a_person(
    tmp_path: Path, carrier: CarrierName
) -> None:
    """It talks into the whisper and accepts nothing: the stand-in rings, and it is not bridged."""
    heard: list[str] = []
    async with (
        outside(tmp_path, carrier, timing=BRISK) as both,
        both.phone(CALLER) as caller,
        both.phone(POOL) as machine,
        both.phone(STAND_IN) as person,
        asyncio.TaskGroup() as group,
    ):
        voicemail = group.create_task(talk_on(machine, heard))
        await hear(person, "attached")
        await state_a_matter(caller, LINE, "2", "1")
        await hear(person, "ringing")
        await person.send("answer")
        await hear(person, "waiting")
        await person.send("digits", digits="1")
        await hear(person, "bridged")
        await hear(caller, "bridged")
        await person.send("hangup")
        await hear(caller, "hungup")
        voicemail.cancel()
        answers = await both.rows(select(leg_answers.c.leg, leg_answers.c.accepted))

    assert "hungup" in heard
    assert "bridged" not in heard
    assert sorted(map(tuple, answers)) == [(0, False), (1, True)]


async def test_somleng_rings_a_desk_and_never_a_leaders_phone(tmp_path: Path) -> None:
    """It cannot ask before it puts through. What was said is a case with its sound, though it
    names no recording and no key."""
    async with (
        outside(tmp_path, "somleng", timing=BRISK) as both,
        both.phone(CALLER) as caller,
        both.phone(LEADERS_PHONE) as leader,
        both.phone(LEADERS_POOL) as desk,
    ):
        await hear(leader, "attached")
        await hear(desk, "attached")
        await state_a_matter(caller, LEADER, "2", "4", "#")
        await hear(desk, "ringing")
        await desk.send("answer")
        await hear(desk, "bridged")
        await hear(caller, "bridged")
        both.clock.pass_(31)
        await desk.send("hangup")
        await hear(caller, "hungup")
        with pytest.raises(TimeoutError):
            await leader.next(0.01)
        kept = await recorded(both)
        office = await both.rows(select(cases.c.office))
        last = await both.rows(select(steps.c.event).order_by(steps.c.turn.desc()))

    assert [row.office for row in office] == ["市委"]
    assert (kept.audio, kept.seconds, kept.reference is None) == ("kept", 1, False)
    assert b'"accepted":true' in last[0].event  # a desk that took up the phone has accepted


async def recorded(both: Outside) -> Any:
    """The one recording, once it is kept here."""
    async with asyncio.timeout(DEADLINE):
        while True:
            rows = await both.rows(select(recordings))
            if rows and rows[0].audio == "kept":
                return rows[0]
            await asyncio.sleep(0.02)


async def words_kept(both: Outside, wanted: str) -> Any:
    """The transcript, once it is these words."""
    async with asyncio.timeout(DEADLINE):
        while True:
            for row in await both.rows(select(transcripts)):
                if row.text == wanted:
                    return row
            await asyncio.sleep(0.02)


async def test_what_is_said_is_written_down_while_twilio_records(tmp_path: Path) -> None:
    """In pieces that come doubled and in any order, as one transcript, which is read for danger;
    nobody listens to the rest of the call (twilio-voice §6)."""
    faults = Faults(doubled=to("/transcription"), held=to("/transcription"))
    said = ("解放路三楼着火了，", "有人困在里面。")
    async with outside(tmp_path, "twilio", faults.wrap) as both, both.phone(CALLER) as caller:
        await caller.send("dial", to=LINE)
        for key in ("2", "1"):
            await hear(caller, "waiting")
            await caller.send("digits", digits=key)
        await hear(caller, "listening", kind="record")
        for words in said:
            await caller.send("words", text=words)
        await faults.held_up(3)
        await caller.send("digits", digits="#")
        await hear(caller, "ringback", on=True)
        await faults.held_up(4)
        faults.release(reverse=True)
        kept = await words_kept(both, "".join(said))
        async with asyncio.timeout(DEADLINE):
            while not (await both.rows(select(cases.c.danger)))[0].danger:
                await asyncio.sleep(0.02)
        await caller.send("hangup")
        rows = await both.rows(select(pieces))

    assert kept.source == "carrier"
    assert [row.text for row in sorted(rows, key=lambda row: row.sequence)] == list(said)
    sent = [dict(parcel.params)["TranscriptionEvent"] for parcel in faults.sent if _words(parcel)]
    assert sorted(set(sent)) == [f"transcription-{e}" for e in ("content", "started", "stopped")]


def _words(parcel: Parcel) -> bool:
    return "/transcription" in parcel.url


async def test_the_plan_when_all_fails_ends_the_listening_too(tmp_path: Path) -> None:
    """The Record's action cannot be reached: what follows is not written down either."""
    faults = Faults(unreached=to("/turn/3#"))
    async with outside(tmp_path, "twilio", faults.wrap) as both, both.phone(CALLER) as caller:
        await state_a_matter(caller, LINE, "2", "1")
        async with asyncio.timeout(DEADLINE):
            while not (ended := [p for p in faults.sent if _event(p) == "transcription-stopped"]):
                await asyncio.sleep(0.02)
        kept = await recorded(both)
        await caller.send("hangup")

    assert kept.seconds == 1, "what was said is kept all the same"
    assert dict(ended[0].params)["CallStatus"] == "in-progress"
    assert any("/voice/fallback" in parcel.url for parcel in faults.sent)


def _event(parcel: Parcel) -> str | None:
    return dict(parcel.params).get("TranscriptionEvent")


async def test_where_nobody_wants_words_nobody_listens(tmp_path: Path) -> None:
    faults = Faults()
    async with (
        outside(tmp_path, "twilio", faults.wrap, transcriber="none") as both,
        both.phone(CALLER) as caller,
    ):
        await state_a_matter(caller, LINE, "2", "1")
        await recorded(both)
        await caller.send("hangup")
        assert await both.rows(select(pieces)) == []

    assert not any(_words(parcel) for parcel in faults.sent)


async def test_a_hang_up_that_somleng_does_not_tell_of_loses_nothing(tmp_path: Path) -> None:
    """The action is never requested; the callback says what was recorded."""
    async with outside(tmp_path, "somleng") as both, both.phone(CALLER) as caller:
        await caller.send("dial", to=LINE)
        for key in ("2", "1"):
            await hear(caller, "waiting")
            await caller.send("digits", digits=key)
        await hear(caller, "listening", kind="record")
        await caller.send_audio(tone(1.0))
        await caller.send("hangup")
        kept = await recorded(both)
        opened = await both.rows(select(cases.c.reference))

    assert [row.reference for row in opened] == [kept.reference]
