"""The carrier's own voice: recorded, and where a speech program is installed; and without one."""

from __future__ import annotations

import array
import asyncio
import json
import math
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.carrier.local.bank import Bank, frames
from ivr.carrier.local.espeak import to_telephone
from ivr.carrier.local.mulaw import from_mulaw
from ivr.carrier.local.recordings import (
    Recordings,
    from_wav,
    loudness,
    silence,
    to_wav,
    trimmed,
)
from ivr.carrier.local.speech.synthesiser import Synthesiser
from ivr.carrier.local.stretching import slower
from ivr.carrier.local.voice import Voice, estimate, length
from ivr.flow.instruction import Language
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import LINE, House, hear, twiml
from tests.ivr.carrier.local.sounds import hush, tone
from tests.ivr.carrier.local.speech.engines import SOUND, engine, lines

installed = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed here"
)


@installed
@pytest.mark.parametrize(("text", "language"), [("您好，请说。", "zh-CN"), ("Hello there", "en")])
async def test_it_speaks_both_languages_at_8_khz(tmp_path: Path, text: str, language: str) -> None:
    voice = Voice(tmp_path)
    spoken = await voice.say(text, language)
    assert spoken is not None
    assert 0.5 < length(spoken) < 5
    assert loudness(from_wav(spoken)) > 300
    slow = await voice.say(text, language, 0.7)
    assert slow is not None
    assert length(slow) > length(spoken)
    key = voice.order(text, language, 1.0)
    assert key is not None
    assert (tmp_path / f"{key}.wav").read_bytes() == spoken  # kept on disk


def test_a_prompt_goes_after_an_hour_and_half_of_one_too(tmp_path: Path) -> None:
    """It may speak a case number and a PIN; a kill leaves what was being written."""
    old, half, young = (tmp_path / name for name in ("a.wav", "b.new", "c.wav"))
    for path in (old, half, young):
        path.write_bytes(b"RIFF")
    for path in (old, half):
        os.utime(path, (1.0, 1.0))

    Voice(tmp_path).sweep()

    assert [path for path in (old, half, young) if path.exists()] == [young]


async def test_a_program_that_fails_makes_no_sound(tmp_path: Path) -> None:
    assert await Voice(tmp_path, shutil.which("false")).say("x", "en") is None


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
async def test_the_program_gets_none_of_our_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "speaks"
    program.write_text(f"#!/bin/sh\n/usr/bin/env > {tmp_path}/seen\n", encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setenv("ZHITONG_AUTH_TOKEN", "not-to-be-told")
    await Voice(tmp_path, str(program)).say("x", "en")
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "not-to-be-told" not in seen
    names = {line.partition("=")[0] for line in seen.splitlines()}
    assert names <= {"PATH", "ESPEAK_DATA_PATH", "LD_LIBRARY_PATH", "PWD", "SHLVL", "_"}


def recorded(text: str, language: Language) -> bytes:
    """The samples of a text whose sentences are all recorded."""
    found = [part.recorded for part in Bank().parts(text, language)]
    return silence(0.3).join(frames(path) for path in found if path is not None)


async def test_recorded_sentences_are_joined_with_a_breath(tmp_path: Path) -> None:
    spoken = await Voice(tmp_path, "").say("没有查到这次通话。再见。", "cmn-CN")

    assert spoken is not None
    assert from_wav(spoken) == recorded("没有查到这次通话。再见。", "zh-CN")
    assert length(spoken) > 2


@pytest.mark.parametrize(
    ("text", "language"),
    [("再见。我叫小明。", "zh-CN"), ("Goodbye", "zh-CN"), (" ", "zh-CN"), ("Au revoir.", "fr-FR")],
)
async def test_what_is_not_recorded_wants_a_voice(tmp_path: Path, text: str, language: str) -> None:
    assert Voice(tmp_path, "").order(text, language, 1.0) is None


async def test_what_is_recorded_is_said_slower_in_the_same_voice(tmp_path: Path) -> None:
    voice = Voice(tmp_path, "")

    slow, usual = await voice.say("再见。", "zh-CN", 0.9), await voice.say("再见。", "zh-CN")

    assert slow is not None
    assert usual is not None
    assert from_wav(slow) == slower(recorded("再见。", "zh-CN"), 0.9)
    assert len(slow) > len(usual)


@asynccontextmanager
async def with_engine(
    tmp_path: Path, program: str = "", fault: str = ""
) -> AsyncIterator[tuple[Voice, Synthesiser]]:
    """A voice with an engine that says each piece as 0.1 s of one level."""
    synthesiser = Synthesiser(engine(tmp_path, fault), tmp_path / "kept")
    voice = Voice(tmp_path / "made", program, synthesiser=synthesiser, waits=30.0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(voice.run())
        await synthesiser.ready.wait()
        yield voice, synthesiser
        task.cancel()


async def test_what_changes_is_spoken_by_the_voice_of_the_recordings(tmp_path: Path) -> None:
    async with with_engine(tmp_path) as (voice, _):
        voice.foresee("Not found. Case one two three, four five six. Goodbye.", "en-US")
        spoken = await voice.say("Not found. Case one two three, four five six. Goodbye.", "en-US")

    assert spoken is not None
    pieces = from_mulaw(b"\1" * SOUND), from_mulaw(b"\2" * SOUND)
    case = silence(0.15).join(pieces)
    said = [recorded("Not found.", "en"), case, recorded("Goodbye.", "en")]
    assert from_wav(spoken) == silence(0.3).join(said)
    assert lines(tmp_path, "asked") == ["Case one two three,", "four five six."]


async def test_said_again_slower_nothing_is_made_anew(tmp_path: Path) -> None:
    async with with_engine(tmp_path) as (voice, _):
        usual = await voice.say("Case one two three.", "en-US")
        slow = await voice.say("Case one two three.", "en-US", 0.9)

    assert usual is not None
    assert slow is not None
    assert len(slow) > len(usual)
    assert len(lines(tmp_path, "asked")) == 1


async def test_a_voice_that_is_late_is_not_waited_for_and_heard_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_engine(tmp_path) as (voice, synthesiser):
        key = voice.order("Case one two three.", "en-US", 1.0)
        assert key is not None
        monkeypatch.setattr(synthesiser, "spoken", late)
        assert await voice.wav(key) is None  # no other voice: the browser speaks
        monkeypatch.undo()
        assert await voice.wav(key) is not None


async def test_what_nobody_waits_to_hear_has_the_better_voice_time(tmp_path: Path) -> None:
    """Words that are typed into a recording; a caller would have waited too long."""
    synthesiser = Synthesiser(engine(tmp_path), tmp_path / "kept")
    voice = Voice(tmp_path / "made", "", synthesiser=synthesiser, waits=0.0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(voice.run())
        await synthesiser.ready.wait()
        hurried = await voice.say("Case one two three.", "en-US")
        patient = await voice.say("Case four five six.", "en-US", patience=DEADLINE)
        task.cancel()

    assert hurried is None
    assert patient is not None
    assert lines(tmp_path, "asked")[-1] == "Case four five six."


async def late(*_: object) -> None:
    """What `spoken` says of pieces that are not to be had in time."""


@installed
async def test_another_voice_in_its_place_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shutil.which("espeak-ng") or ""
    async with with_engine(tmp_path, program) as (voice, synthesiser):
        key = voice.order("Case one two three.", "en-US", 1.0)
        assert key is not None
        monkeypatch.setattr(synthesiser, "spoken", late)
        instead = await voice.wav(key)
        monkeypatch.undo()
        best = await voice.wav(key)

    assert instead is not None
    assert not instead.best
    assert best is not None
    assert best.best
    assert instead.wav != best.wav


async def test_the_line_has_made_what_a_document_says_later(house: House, tmp_path: Path) -> None:
    house.engine = engine(tmp_path)
    await house.restart()
    house.replies["/voice/answer"] = twiml(
        "<Say>Please wait.</Say><Gather><Say>Case one two three.</Say></Gather>"
    )
    async with house.phone() as phone:
        assert (await hear(phone, "attached"))["voice"] is True
        await phone.send("dial", to=LINE)
        await hear(phone, "say")  # the first, and it is not acknowledged
        async with asyncio.timeout(DEADLINE):
            while lines(tmp_path, "asked") != ["Please wait.", "Case one two three."]:
                await asyncio.sleep(0.01)


@installed
async def test_what_changes_is_spoken_between_what_is_recorded(tmp_path: Path) -> None:
    spoken = await Voice(tmp_path).say("Not found. Case 1234. Goodbye.", "en-US")

    assert spoken is not None
    heard, before, after = (
        from_wav(spoken),
        recorded("Not found.", "en"),
        recorded("Goodbye.", "en"),
    )
    assert heard.startswith(before + silence(0.3))
    assert heard.endswith(silence(0.3) + after)
    assert len(heard) > len(before) + len(after) + 16000


async def test_a_spoilt_recording_leaves_the_prompt_to_the_browser(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    line = {"language": "en", "text": "Hello.", "file": "a.wav"}
    (tmp_path / "manifest.json").write_text(json.dumps([line]), encoding="utf-8")

    assert await Voice(tmp_path / "made", "", Bank(tmp_path)).say("Hello.", "en") is None


async def test_a_prompt_is_made_anew_when_the_recordings_change(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b'[{"language":"en","text":"A.","file":"a.wav"}]')
    other = Voice(tmp_path, "", Bank(tmp_path)).order("A.", "en", 1.0)
    (tmp_path / "manifest.json").write_bytes(b'[{"language":"en","text":"A.","file":"b.wav"}]')

    assert other is not None
    assert Voice(tmp_path, "", Bank(tmp_path)).order("A.", "en", 1.0) != other


async def test_a_phone_hears_the_recorded_voice_without_a_program(house: House) -> None:
    house.replies["/voice/answer"] = twiml('<Say language="cmn-CN">您好。</Say>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        url = (await hear(phone, "say"))["url"]
        async with house.session.get(house.base + url) as response:
            assert from_wav(await response.read()) == recorded("您好。", "zh-CN")


async def test_without_a_program_the_browser_speaks(house: House) -> None:
    house.replies["/voice/answer"] = twiml("<Say>hello</Say>")
    async with house.phone() as phone:
        assert (await hear(phone, "attached"))["voice"] is False
        await phone.send("dial", to=LINE)
        assert (await hear(phone, "say"))["url"] is None


@installed
async def test_the_phone_fetches_what_is_said(house: House) -> None:
    house.speech = shutil.which("espeak-ng") or ""
    await house.restart()
    house.replies["/voice/answer"] = twiml('<Say language="cmn-CN">您好</Say>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        url = (await hear(phone, "say"))["url"]
        async with house.session.get(house.base + url) as response:
            assert response.content_type == "audio/wav"
            assert length(await response.read()) > 0.2
    for key in ("0" * 32, "..%2F..%2Fx"):
        async with house.session.get(f"{house.base}/phone/voice/{key}.wav") as response:
            assert response.status == 404


def test_estimates_follow_the_yardstick() -> None:
    assert estimate("查号码，请按一。", "zh-CN") == pytest.approx(6 / 4.5)
    assert estimate("to check a number press one", "en") == pytest.approx(6 / 2.5)


def test_a_tone_stays_a_tone_at_8_khz() -> None:
    samples = array.array("h", (int(8000 * math.sin(i * 0.05)) for i in range(22050)))
    header = bytearray(to_wav(samples.tobytes()))
    header[24:28] = (22050).to_bytes(4, "little")
    telephone = from_wav(to_telephone(bytes(header)))
    assert len(telephone) == 16000
    assert loudness(telephone) == pytest.approx(loudness(samples.tobytes()), rel=0.05)


def test_silence_is_trimmed_at_both_ends_only() -> None:
    sound = tone(0.5) + hush(1.0) + tone(0.5)
    assert abs(len(trimmed(hush(0.5) + sound + hush(2))) - len(sound)) <= 640
    assert trimmed(hush(1.0)) == hush(1.0)  # a silent one is kept whole (§5 Record)


def test_a_strange_sid_finds_nothing(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    assert recordings.find("../../etc/passwd") is None
    assert recordings.media("RE1") is None
    assert not recordings.delete("RE1")
