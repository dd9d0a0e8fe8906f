"""What Whisper itself hears: speech, and all that is none. Wants the extra `speech`."""

import asyncio
import math
import random
import shutil
import wave
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import psutil
import pytest

from benchmarks.errors import error_rate
from deployment.engine import engine_of
from deployment.settings import Settings
from ivr.engine.process import EngineProcess
from ivr.flow.instruction import Language
from ivr.transcription import local
from ivr.transcription.hot_words import HotWords
from ivr.transcription.local import Local
from routing.handoff import NotYet
from tests.deadline import DEADLINE
from tests.ivr.transcription.test_local import Shelf, gone
from tests.speech.likeness import samples

pytestmark = pytest.mark.timeout(400)

SPEECH = Path(__file__).parents[2] / "speech"
RATE = 8_000
SAID: dict[Language, str] = {
    "zh-CN": "您好，我家门口的路灯坏了，晚上很黑。请派人来修理，谢谢。",
    "en": "Hello, the street light in front of my house is broken. "
    "Please send somebody to repair it.",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("whisper")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def engine(models: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EngineProcess]:
    """As the server begins it, with the patience of a machine that runs a whole suite."""
    monkeypatch.chdir(models)
    monkeypatch.setattr(local, "ANSWERS_WITHIN", 300.0)
    engine = engine_of(Settings(transcriber="local", data_dir=models))
    assert engine is not None
    yield engine
    await engine.close()


def wav(sound: Sequence[float]) -> bytes:
    """From samples between -1 and 1."""
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        pcm = (int(32767 * max(-1.0, min(1.0, one))) for one in sound)
        out.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in pcm))
    return file.getvalue()


def tones(seconds: float, at: Callable[[float], Sequence[float]]) -> list[float]:
    """Sines of the frequencies that sound at each moment."""
    found, phases = list[float](), [0.0] * 3
    for number in range(int(seconds * RATE)):
        sounding = at(number / RATE)
        for voice, hertz in enumerate(sounding):
            phases[voice] += math.tau * hertz / RATE
        found.append(sum(0.2 * math.sin(phase) for phase, _ in zip(phases, sounding, strict=False)))
    return found


def fax() -> list[float]:
    """A calling machine: half a second of 1,100 Hz every three and a half (ITU-T T.30)."""
    return tones(10, lambda now: [1100.0] if now % 3.5 < 0.5 else [])


def answering_fax() -> list[float]:
    """2,100 Hz, then the warble of a modem (ITU-T V.21)."""
    return tones(8, lambda now: [2100.0] if now < 3 else [1650 + 200 * (int(now * 300) % 2)])


def music() -> list[float]:
    """A tune of three voices, as a line plays it while one waits."""
    tune = (262, 294, 330, 349, 392, 440, 494, 523)

    def chord(now: float) -> Sequence[float]:
        root = tune[int(now * 3) % len(tune)]
        return [root, root * 1.25, root * 1.5]

    return tones(10, chord)


def silence() -> list[float]:
    return [0.0] * 10 * RATE


def noise() -> list[float]:
    chance = random.Random(7)  # noqa: S311 - noise, no secret
    return [chance.uniform(-0.1, 0.1) for _ in range(10 * RATE)]


async def test_it_writes_down_what_is_said(engine: EngineProcess) -> None:
    """One process for both languages, which begins with seconds of reading models."""
    for language, said in SAID.items():
        spoken = (SPEECH / f"repair_light.{language}.wav").read_bytes()
        words = await Local(engine, Shelf(spoken)).transcribe("RE1", language)

        assert words is not None, language
        assert error_rate(said, words.text) < 0.2, words.text
        assert words.confidence is not None
        assert 0.4 < words.confidence <= 1

    async def expect(sid: str, language: Language) -> HotWords:
        return HotWords(("东城区", "路灯", "停水", "市公安局"))

    spoken = (SPEECH / "repair_light.zh-CN.wav").read_bytes()
    words = await Local(engine, Shelf(spoken), expect).transcribe("RE1", "zh-CN")

    assert words is not None
    assert "路灯坏了" in words.text


async def test_what_is_no_speech_leaves_no_words(engine: EngineProcess) -> None:
    for sound in (silence, noise, music, fax, answering_fax):
        recording = wav(sound())
        for language in SAID:
            heard = await Local(engine, Shelf(recording)).transcribe("RE1", language)
            assert heard is None, (sound, language)


async def test_a_recording_of_minutes_is_whole_and_nothing_is_said_twice(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut between two sentences, here every 15 s, in jobs that let others in."""
    monkeypatch.setattr(local, "STRETCH", 15.0)
    one = [sample / 32768 for sample in samples((SPEECH / "repair_light.en.wav").read_bytes())]
    times = 6
    listening = Local(engine, Shelf(wav((one + [0.0] * RATE) * times)))
    words = None
    while words is None:
        try:
            words = await listening.transcribe("RE1", "en")
        except NotYet:
            continue

    assert words.text.lower().count("street light") == times, words.text


async def test_work_in_hand_is_cut_off_at_once(engine: EngineProcess) -> None:
    spoken = (SPEECH / "repair_light.en.wav").read_bytes()
    asking = asyncio.get_running_loop().create_task(
        Local(engine, Shelf(spoken)).transcribe("RE1", "en")
    )
    async with asyncio.timeout(DEADLINE):
        while engine.pid is None or not psutil.pid_exists(engine.pid):
            await asyncio.sleep(0.01)
    pid = engine.pid
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await gone(pid)
