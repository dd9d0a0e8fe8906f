"""Words from an engine beside the server: what it answers, and all that can go wrong with it."""

import asyncio
import contextlib
import struct
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from ivr.engine.process import BEGINS_WITHIN, EngineProcess, Program, of_module
from ivr.flow.instruction import Language
from ivr.ports.recordings import Transcript
from ivr.transcription import local
from ivr.transcription.hot_words import HotWords
from ivr.transcription.local import BUSY, Local
from ivr.transcription.wav import MU_LAW, PCM
from routing.handoff import LONGEST_JOB, NotYet, Refused, TryAgain
from tests.deadline import DEADLINE

PIECE = 100_000
Begin = Callable[..., EngineProcess]


def wav(seconds: float = 2.0, kind: int = PCM, *, rate: int = 8_000) -> bytes:
    block = 2 if kind == PCM else 1
    told = struct.pack("<HHIIHH", kind, 1, rate, rate * block, block, 8 * block)
    data = bytes(int(seconds * rate) * block)
    form = b"WAVEfmt " + struct.pack("<I", len(told)) + told
    return b"RIFF" + bytes(4) + form + b"data" + struct.pack("<I", len(data)) + data


class Shelf:
    """Sound in pieces, and how much of it was ever read."""

    def __init__(self, sound: bytes | None, size: int | None = None) -> None:
        self.sound = sound or b""
        self.told = size if size is not None else (None if sound is None else len(sound))
        self.pieces = 0

    async def size(self, sid: str) -> int | None:
        return self.told

    async def piece(self, sid: str, number: int) -> bytes:
        self.pieces += 1
        return self.sound[number * PIECE : (number + 1) * PIECE]


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Begin]:
    begun = list[EngineProcess]()

    def begin(fault: str, begins_within: float = 30.0, idle: float = 600.0) -> EngineProcess:
        command = of_module("tests.ivr.transcription.lying_engine", fault, str(tmp_path / "told"))
        one = EngineProcess(Program(command, begins_within=begins_within, idle=idle))
        begun.append(one)
        return one

    yield begin
    for one in begun:
        await one.close()
        assert one.pid is None


async def gone(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        async with asyncio.timeout(DEADLINE):
            while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.01)


async def written(path: Path) -> int:
    async with asyncio.timeout(DEADLINE):
        while not path.exists() or not path.read_text(encoding="utf-8"):
            await asyncio.sleep(0.01)
    return int(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("language", "spoken"), [("zh-CN", "zh"), ("en", "en")])
async def test_the_sound_goes_out_with_its_language_and_phrases_come_back(
    engine: Begin, language: Language, spoken: str
) -> None:
    words = await Local(engine("good"), Shelf(wav())).transcribe("RE1", language)

    assert words is not None
    assert (words.text, words.source) == (f"{spoken} {len(wav())} last.", "local")
    assert words.confidence == pytest.approx(0.8187, abs=0.001)


async def test_a_long_recording_is_handed_on_in_stretches(
    engine: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine is done with half of each; what is left of it comes again."""
    monkeypatch.setattr(local, "BEGIN_WITHIN", DEADLINE)
    shelf = Shelf(wav(50))
    words = await Local(engine("good"), shelf).transcribe("RE1", "en")

    assert words is not None
    assert [part.split()[-1] for part in words.text.split(". ")] == ["more", "more", "last."]


async def test_between_the_parts_of_a_long_recording_others_come_in(
    engine: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "BEGIN_WITHIN", 0.0)
    one = Local(engine("good"), Shelf(wav(50)))
    waits = list[timedelta]()
    words: Transcript | None = None
    while words is None:
        try:
            words = await one.transcribe("RE1", "en")
        except NotYet as waiting:
            waits.append(waiting.after)

    assert waits == [timedelta(0)] * 2
    assert words.text.count("more") == 2


async def test_one_recording_at_a_time_and_the_others_wait_longer_the_more_they_are(
    engine: Begin, tmp_path: Path
) -> None:
    one = Local(engine("hangs"), Shelf(wav()))
    first = asyncio.get_running_loop().create_task(one.transcribe("RE1", "zh-CN"))
    pid = await written(tmp_path / "told")
    waits = list[timedelta]()
    for sid in ("RE2", "RE3", "RE2"):
        with pytest.raises(NotYet) as raised:
            await one.transcribe(sid, "zh-CN")
        waits.append(raised.value.after)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await gone(pid)

    assert waits == [BUSY, 2 * BUSY, 2 * BUSY]


@pytest.mark.parametrize(
    "fault",
    [
        "dies",
        "long frame",
        "half a frame",
        "no json",
        "other number",
        "hears nothing",
        "fails",
        "hears for ever",
    ],
)
async def test_an_engine_that_lies_or_dies_is_ended_and_asked_again_later(
    engine: Begin, fault: str
) -> None:
    process = engine(fault)
    shelf = Shelf(wav(100) if fault.startswith("hears") else wav())
    with pytest.raises(TryAgain, match="TRANSCRIBER=local"):
        await Local(process, shelf).transcribe("RE1", "zh-CN")

    assert process.pid is None


async def test_an_engine_that_hangs_is_ended(
    engine: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "ANSWERS_WITHIN", 0.2)
    with pytest.raises(TryAgain, match=r"no answer within 0\.2 s"):
        await Local(engine("hangs"), Shelf(wav())).transcribe("RE1", "zh-CN")
    await gone(await written(tmp_path / "told"))


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
async def test_what_it_began_ends_with_it(
    engine: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "ANSWERS_WITHIN", 0.5)
    with pytest.raises(TryAgain, match="no answer within"):
        await Local(engine("forks"), Shelf(wav())).transcribe("RE1", "zh-CN")
    await gone(await written(tmp_path / "told"))


async def test_the_next_try_begins_the_engine_anew(engine: Begin) -> None:
    one = Local(engine("dies once"), Shelf(wav()))
    with pytest.raises(TryAgain):
        await one.transcribe("RE1", "zh-CN")
    words = await one.transcribe("RE1", "zh-CN")

    assert words is not None
    assert words.text == "路灯坏了。"


async def test_an_engine_killed_while_it_rests_begins_anew(engine: Begin) -> None:
    process = engine("good")
    one = Local(process, Shelf(wav()))
    await one.transcribe("RE1", "zh-CN")
    first = process.pid
    assert first is not None
    psutil.Process(first).kill()
    await gone(first)
    with contextlib.suppress(TryAgain):  # nobody has told us of its end yet
        await one.transcribe("RE2", "zh-CN")
    await one.transcribe("RE2", "zh-CN")

    assert process.pid not in {None, first}


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("cannot begin", "uv sync --extra speech"),
        ("is no engine", "cannot begin: a frame of"),
        ("never ready", r"not ready within 0\.3 s"),
    ],
)
async def test_what_keeps_the_engine_from_its_start_costs_no_try(
    engine: Begin, fault: str, why: str
) -> None:
    seconds = 0.3 if fault == "never ready" else 30.0
    with pytest.raises(NotYet, match=why):
        await Local(engine(fault, seconds), Shelf(wav())).transcribe("RE1", "zh-CN")


async def test_a_program_that_is_not_there_costs_no_try() -> None:
    engine = EngineProcess(Program(("/nowhere/engine",)))
    with pytest.raises(NotYet, match="cannot begin"):
        await Local(engine, Shelf(wav())).transcribe("RE1", "zh-CN")


async def test_the_engine_goes_where_it_has_had_nothing_to_do(
    engine: Begin, tmp_path: Path
) -> None:
    process = engine("tells its number", idle=0.0)
    one = Local(process, Shelf(wav()))
    await one.transcribe("RE1", "zh-CN")
    first = await written(tmp_path / "told")
    await gone(first)
    await one.transcribe("RE2", "zh-CN")

    assert await written(tmp_path / "told") != first


async def test_the_engine_is_told_no_secret(engine: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHITONG_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    words = await Local(engine("environment"), Shelf(wav())).transcribe("RE1", "en")

    assert words is not None
    assert "PATH" in words.text
    assert not {"ZHITONG_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"} & set(words.text.split())


async def test_hostile_text_is_one_line_of_visible_signs(engine: Begin) -> None:
    words = await Local(engine("script"), Shelf(wav())).transcribe("RE1", "zh-CN")

    assert words is not None
    assert words.text == "<script>x</script> 路灯"


async def test_odd_phrases_are_passed_over(engine: Begin) -> None:
    words = await Local(engine("odd phrases"), Shelf(wav())).transcribe("RE1", "zh-CN")

    assert words is not None
    assert (words.text, words.confidence) == ("好的", None)


async def test_what_it_was_told_to_expect_is_no_word_when_it_comes_back(engine: Begin) -> None:
    asked = list[str]()

    async def expect(sid: str, language: Language) -> HotWords:
        asked.append(sid)
        return HotWords(("路灯", "停水", "公交", "医保"))

    words = await Local(engine("echoes"), Shelf(wav()), expect).transcribe("RE1", "zh-CN")

    assert (words, asked) == (None, ["RE1"])


@pytest.mark.parametrize("sound", [None, b"", bytes(44), wav(0)])
async def test_where_there_is_no_sound_nobody_is_asked(engine: Begin, sound: bytes | None) -> None:
    process = engine("dies")

    assert await Local(process, Shelf(sound)).transcribe("RE1", "zh-CN") is None
    assert process.pid is None


async def test_three_hours_are_for_a_person_and_are_not_read(engine: Begin) -> None:
    whole = wav(10_800, MU_LAW)
    shelf = Shelf(whole[:PIECE], len(whole))
    with pytest.raises(Refused, match=r"180 minutes .* listen"):
        await Local(engine("dies"), shelf).transcribe("RE1", "zh-CN")

    assert shelf.pieces == 1


async def test_what_is_no_wav_is_for_a_person(engine: Begin) -> None:
    with pytest.raises(Refused, match="does not begin as a WAV does: listen"):
        await Local(engine("dies"), Shelf(b"ID3" + bytes(1000))).transcribe("RE1", "zh-CN")


async def test_a_recording_deleted_meanwhile_is_looked_for_again(engine: Begin) -> None:
    whole = wav(60)
    with pytest.raises(TryAgain, match="deleted"):
        await Local(engine("dies"), Shelf(whole[:PIECE], len(whole))).transcribe("RE1", "zh-CN")


class Place:
    """Held by another process, until it is freed."""

    def __init__(self) -> None:
        self.free, self.held = False, 0

    def take(self) -> None:
        if not self.free:
            raise BlockingIOError
        self.held += 1

    def release(self) -> None:
        self.held = 0


async def test_of_several_workers_one_has_the_engine(tmp_path: Path) -> None:
    place = Place()
    command = of_module("tests.ivr.transcription.lying_engine", "good", str(tmp_path / "told"))
    program = Program(command, turn=place, taken=(BlockingIOError,))
    process = EngineProcess(replace(program, idle=600))
    one = Local(process, Shelf(wav()))
    with pytest.raises(NotYet, match="another process") as raised:
        await one.transcribe("RE1", "zh-CN")
    place.free = True
    await one.transcribe("RE1", "zh-CN")
    held = place.held
    await process.close()

    assert raised.value.after == BUSY
    assert (held, place.held) == (1, 0)


async def test_an_engine_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    """Its input ends then; the program that listens ends at once, also in the midst of its work."""
    server = await asyncio.create_subprocess_exec(
        *of_module("tests.ivr.transcription.begin_listening"),
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdout is not None
    async with asyncio.timeout(DEADLINE):
        pid = int(await server.stdout.readline())
    assert psutil.pid_exists(pid)
    server.kill()
    await server.wait()
    await gone(pid)


def test_the_longest_work_fits_into_a_job() -> None:
    longest = local.BEGIN_WITHIN + BEGINS_WITHIN + local.ANSWERS_WITHIN

    assert longest < LONGEST_JOB.total_seconds()
