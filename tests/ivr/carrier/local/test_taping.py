"""Record: how it ends, what it tells, what is kept (twilio-voice §1, §5 Record)."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from ivr.carrier.local.recordings import Recording, Recordings, from_wav
from ivr.carrier.local.telephone import Telephone
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import LINE, House, hear, twiml
from tests.ivr.carrier.local.sounds import hush, tone

RECORD = (
    '<Record action="/voice/done" finishOnKey="#0" timeout="10" maxLength="{longest}" {more}'
    ' recordingStatusCallback="/voice/recording"/>'
)


RECORD_ONCE = '<Record action="/voice/done" finishOnKey="#" timeout="10"/>'
LONG = "Speak after the tone. " * 30


def record(more: str = "", longest: int = 300) -> str:
    return twiml(RECORD.format(more=more, longest=longest))


async def recording(phone: Telephone) -> None:
    await phone.send("dial", to=LINE)
    await hear(phone, "beep")
    await hear(phone, "recording", on=True)
    await hear(phone, "listening", kind="record", finish="#0")


async def following(phone: Telephone) -> dict[str, Any]:
    """Whatever the phone is told next."""
    async with asyncio.timeout(DEADLINE):
        told = await phone.next()
    assert isinstance(told, dict)
    return told


async def media(house: House, sid: str) -> bytes:
    wav = house.line.recordings.media(sid)
    assert wav is not None
    return from_wav(wav)


async def test_a_key_ends_the_recording(house: House) -> None:
    house.replies["/voice/answer"] = record('trim="do-not-trim"')
    async with house.phone() as phone:
        await recording(phone)
        for _ in range(4):
            await phone.send_audio(tone(0.5))
        await phone.send("digits", digits="5")  # no finish key: ignored
        await phone.send("digits", digits="#")
        await hear(phone, "recording", on=False, seconds=2.0)
        await hear(phone, "heard", kind="record", why="key", digits="#")
        await hear(phone, "hungup")

    done = house.to("/voice/done")[0].form
    assert (done["Digits"], done["RecordingDuration"]) == ("#", "2")
    assert done["RecordingUrl"].endswith(f"/Recordings/{done['RecordingSid']}")
    assert await media(house, done["RecordingSid"]) == tone(0.5) * 4
    kept = (await house.hook("/voice/recording")).form
    assert kept["RecordingStatus"] == "completed"
    assert kept["RecordingSource"] == "RecordVerb"
    assert kept["RecordingSid"] == done["RecordingSid"]


async def test_a_phone_knows_that_a_tone_comes_also_when_it_returns_before_it(house: House) -> None:
    house.replies["/voice/answer"] = twiml(f"<Say>{LONG}</Say>", RECORD_ONCE)
    async with house.phone() as phone:
        phone.acks = False
        await phone.send("dial", to=LINE)
        call = (await hear(phone, "calling"))["call"]
        await hear(phone, "ahead")
        await hear(phone, "say")
        await phone.close()
        await phone.connect(call)
        await hear(phone, "attached", state="live")
        await hear(phone, "ahead")
        prompt = await hear(phone, "say")
        await phone.send("played", id=prompt["id"])
        tone_ = await hear(phone, "beep")
        await phone.send("played", id=tone_["id"])
        await hear(phone, "recording", on=True)
        await phone.close()
        await phone.connect(call)
        await hear(phone, "attached", state="live")
        again = [(await following(phone))["type"] for _ in range(2)]
        await phone.send("digits", digits="#")
        await hear(phone, "hungup")

    assert again == ["recording", "listening"]


@pytest.mark.parametrize(
    "verbs",
    [
        ("<Say>Goodbye.</Say>",),
        ("<Gather><Say>Press 1.</Say></Gather>", RECORD_ONCE),
        ("<Say>Now.</Say>", '<Record action="/voice/done" playBeep="false" finishOnKey="#"/>'),
    ],
)
async def test_no_tone_is_promised_where_none_comes_next(
    hasty: House, verbs: tuple[str, ...]
) -> None:
    hasty.replies["/voice/answer"] = twiml(*verbs)
    told: list[str] = []
    async with hasty.phone() as phone:
        await phone.send("dial", to=LINE)
        while not told or told[-1] not in ("hungup", "beep"):
            told.append((await following(phone))["type"])

    assert "ahead" not in told


async def test_silence_ends_the_recording(hasty: House) -> None:
    """§5: timeout seconds of silence; quiet audio is silence."""
    hasty.replies["/voice/answer"] = record()
    async with hasty.phone() as phone:
        await recording(phone)
        await phone.send_audio(tone(1.0))
        await phone.send_audio(hush(1.0))
        await hear(phone, "heard", why="silence")
        await hear(phone, "hungup")
    done = hasty.to("/voice/done")[0].form
    assert "Digits" not in done
    assert done["RecordingDuration"] == "1"  # the silence is trimmed by default


async def test_the_limit_ends_the_recording(hasty: House) -> None:
    hasty.replies["/voice/answer"] = record(longest=3)
    async with hasty.phone() as phone:
        await recording(phone)
        await phone.send_audio(tone(1.0))
        await hear(phone, "heard", why="limit")
        await hear(phone, "hungup")


async def test_more_sound_than_the_limit_is_left_out(house: House) -> None:
    house.replies["/voice/answer"] = record('trim="do-not-trim"', longest=2)
    async with house.phone() as phone:
        await recording(phone)
        for _ in range(5):
            await phone.send_audio(tone(0.9))
        await hear(phone, "heard", why="limit", seconds=2.0)
        await hear(phone, "hungup")
    done = house.to("/voice/done")[0].form
    assert len(await media(house, done["RecordingSid"])) == 2 * 16000


async def test_a_hang_up_keeps_what_was_said_and_requests_the_action(house: House) -> None:
    """§1: if the caller hangs up during Record the action is still requested."""
    house.replies["/voice/answer"] = record()
    house.replies["/voice/done"] = twiml("<Say>nobody hears this</Say>")
    async with house.phone() as phone:
        await recording(phone)
        await phone.send_audio(tone(1.0))
        await phone.send("hangup")
        await hear(phone, "hungup", by="me")
        done = (await house.hook("/voice/done")).form
        await house.hook("/voice/status")
    assert (done["Digits"], done["CallStatus"]) == ("hangup", "completed")
    assert done["RecordingDuration"] == "1"
    assert len(house.to("/voice/done")) == 1


async def test_the_action_of_a_hung_up_recording_goes_to_the_fallback(house: House) -> None:
    house.replies["/voice/answer"] = record()
    house.replies["/voice/done"] = "not xml"
    async with house.phone() as phone:
        await recording(phone)
        await phone.send_audio(tone(1.0))
        await phone.send("hangup")
        fallback = (await house.hook("/voice/fallback")).form
    assert fallback["ErrorCode"] == "12100"
    assert fallback["RecordingSid"] == house.to("/voice/done")[0].form["RecordingSid"]


async def test_typed_words_are_sound_and_transcript(house: House) -> None:
    house.replies["/voice/answer"] = record(
        'transcribe="true" transcribeCallback="/voice/transcript"'
    )
    async with house.phone() as phone:
        await recording(phone)
        await phone.send("words", text="我家停水了，")
        await phone.send("words", text="三天了。")
        await phone.send("digits", digits="#")
        await hear(phone, "hungup")
    words = (await house.hook("/voice/transcript")).form
    assert words["TranscriptionText"] == "我家停水了，三天了。"
    assert words["TranscriptionStatus"] == "completed"
    assert words["RecordingSid"] == house.to("/voice/done")[0].form["RecordingSid"]
    assert int(house.to("/voice/done")[0].form["RecordingDuration"]) >= 1


async def test_no_words_fail_the_transcription(house: House) -> None:
    house.replies["/voice/answer"] = record('transcribeCallback="/voice/transcript"')
    async with house.phone() as phone:
        await recording(phone)
        await phone.send_audio(tone(1.0))
        await phone.send("digits", digits="#")
        await hear(phone, "hungup")
    assert (await house.hook("/voice/transcript")).form["TranscriptionStatus"] == "failed"


async def test_nothing_at_all_is_an_absent_recording(house: House) -> None:
    """§1 recordingStatusCallback: absent is told only where it was asked for."""
    events = 'recordingStatusCallbackEvent="in-progress completed absent"'
    house.replies["/voice/answer"] = record(events)
    async with house.phone() as phone:
        await recording(phone)
        await phone.send_audio(b"")
        await phone.send("digits", digits="#")
        await hear(phone, "hungup")
    await house.hook("/voice/recording", nth=2)
    told = {hook.form["RecordingStatus"] for hook in house.to("/voice/recording")}
    assert told == {"in-progress", "absent"}


async def test_a_disk_without_room_refuses_the_recording(house: House) -> None:
    """As a carrier that cannot record: no tone, a length of 0, and absent."""
    house.replies["/voice/answer"] = record(
        'recordingStatusCallbackEvent="in-progress completed absent"'
    )
    house.line.recordings.floor = sys.maxsize
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "heard", kind="record", why="limit", seconds=0.0)
        await hear(phone, "hungup")
    done = house.to("/voice/done")[0].form
    assert done["RecordingDuration"] == "0"
    assert (await house.hook("/voice/recording")).form["RecordingStatus"] == "absent"
    assert "in-progress" not in {h.form["RecordingStatus"] for h in house.to("/voice/recording")}


async def test_a_disk_that_fills_ends_the_recording_and_keeps_what_was_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.replies["/voice/answer"] = record('trim="do-not-trim"')
    room = iter((True, True, False))  # at the tone, for the first second, and then no more
    monkeypatch.setattr(house.line.recordings, "has_room", lambda: next(room))
    async with house.phone() as phone:
        await recording(phone)
        await phone.send_audio(tone(0.9))
        await phone.send_audio(tone(0.9))
        await hear(phone, "heard", kind="record", why="limit")
        await hear(phone, "hungup")
    done = house.to("/voice/done")[0].form
    assert done["RecordingDuration"] == "1"
    assert await media(house, done["RecordingSid"]) == tone(0.9)


async def test_a_recording_that_cannot_be_copied_is_kept_as_it_is(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    recordings.begin(Recording("RE1", "CA1", "2026-03-02T01:00:00+00:00"))
    recordings.append("RE1", tone(1.0))
    (tmp_path / "RE1.wav").mkdir()  # stands for any failure to write it
    done = recordings.finish("RE1", trim=True, words="", transcription="")
    assert done.seconds == 1
    wav = recordings.media("RE1")
    assert wav is not None
    assert from_wav(wav) == tone(1.0)


async def test_without_a_microphone_the_silence_is_as_long_as_it_was(hasty: House) -> None:
    """§5: silent recordings are kept by default."""
    hasty.replies["/voice/answer"] = record()
    async with hasty.phone() as phone:
        await recording(phone)
        await hear(phone, "heard", why="silence")
        await hear(phone, "hungup")
    assert int(hasty.to("/voice/done")[0].form["RecordingDuration"]) >= 9


async def test_no_beep_where_none_is_wanted(house: House) -> None:
    house.replies["/voice/answer"] = record('playBeep="false"')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        seen: list[str] = []
        while (heard := await phone.next(5)) and isinstance(heard, dict):
            seen.append(heard["type"])
            if heard["type"] == "listening":
                break
        await phone.send("hangup")
        await house.hook("/voice/done")
    assert "beep" not in seen
