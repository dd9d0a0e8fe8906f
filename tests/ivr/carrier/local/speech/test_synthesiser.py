"""The voice's own process: what it says is kept; whatever happens to it, callers do not wait."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from ivr.carrier.local.speech.pieces import Piece
from ivr.carrier.local.speech.synthesiser import Synthesiser, Urgency
from ivr.engine.process import ROOT
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.speech.engines import SOUND, engine, lines

HELLO, BREAK, BYE = (Piece(text, "en") for text in ("Hello.", "break", "Goodbye."))


@asynccontextmanager
async def running(voice: Synthesiser) -> AsyncIterator[Synthesiser]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(voice.run())
        async with asyncio.timeout(DEADLINE):
            await voice.ready.wait()
        yield voice
        task.cancel()


async def until(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not found():
            await asyncio.sleep(0.01)


async def test_a_piece_is_made_once(tmp_path: Path) -> None:
    async with running(Synthesiser(engine(tmp_path), tmp_path / "kept")) as voice:
        first = await voice.spoken([HELLO, BYE], DEADLINE)
        again = await voice.spoken([BYE], DEADLINE)

    assert first == [b"\1" * SOUND, b"\2" * SOUND]
    assert again == [b"\2" * SOUND]
    assert lines(tmp_path, "asked") == ["Hello.", "Goodbye."]


async def test_what_is_said_later_is_ready_then(tmp_path: Path) -> None:
    async with running(Synthesiser(engine(tmp_path), tmp_path / "kept")) as voice:
        voice.foresee([HELLO], Urgency.SOON)
        await until(lambda: lines(tmp_path, "asked") == ["Hello."])

        assert await voice.spoken([HELLO], DEADLINE) == [b"\1" * SOUND]


async def test_who_waits_comes_before_what_may_be_said_some_day(tmp_path: Path) -> None:
    voice = Synthesiser(engine(tmp_path), tmp_path / "kept")
    voice.foresee([Piece("Some day.", "en")], Urgency.SOMETIME)
    voice.foresee([Piece("Soon.", "en")], Urgency.SOON)
    voice.foresee([Piece("Now.", "en")], Urgency.NOW)
    async with running(voice):
        await until(lambda: len(lines(tmp_path, "asked")) == 3)

    assert lines(tmp_path, "asked") == ["Now.", "Soon.", "Some day."]


async def test_a_citys_greetings_keep_nobody_who_waits_from_the_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.carrier.local.speech.synthesiser._MOST_WAITING", 3)
    voice = Synthesiser(engine(tmp_path), tmp_path / "kept")
    voice.foresee([Piece(f"Number {n}.", "en") for n in range(5)], Urgency.SOMETIME)
    assert await voice.spoken([HELLO], 0) is None  # it runs not yet
    async with running(voice):
        await until(lambda: len(lines(tmp_path, "asked")) == 4)

    assert lines(tmp_path, "asked") == ["Hello.", "Number 0.", "Number 1.", "Number 2."]


async def test_public_words_outlive_the_server_and_a_pin_does_not(tmp_path: Path) -> None:
    async with running(Synthesiser(engine(tmp_path), tmp_path / "kept")) as voice:
        voice.foresee([HELLO], Urgency.SOMETIME)
        await voice.spoken([BYE], DEADLINE)
        await until(lambda: any((tmp_path / "kept").rglob("*.ulaw")))

    later = Synthesiser(engine(tmp_path), tmp_path / "kept")
    assert await later.spoken([HELLO], 0) is not None
    assert await later.spoken([BYE], 0) is None
    assert len(list((tmp_path / "kept").rglob("*.ulaw"))) == 1


async def test_nobody_waits_while_it_starts_or_where_it_is_too_slow(tmp_path: Path) -> None:
    voice = Synthesiser(engine(tmp_path), tmp_path / "kept")
    assert await voice.spoken([HELLO], DEADLINE) is None  # it runs not yet

    async with running(Synthesiser(engine(tmp_path, "hang"), tmp_path / "kept")) as slow:
        assert await slow.spoken([BREAK], 0.3) is None


@pytest.mark.parametrize("fault", ["crash", "garbage", "endless", "hang"])
async def test_one_that_breaks_is_started_again(tmp_path: Path, fault: str) -> None:
    voice = Synthesiser(engine(tmp_path, fault), tmp_path / "kept", hangs=2.0, rest=0.01)
    async with running(voice):
        assert await voice.spoken([BREAK, BYE], DEADLINE) is None  # at its end, not later
        await until(lambda: len(lines(tmp_path, "starts")) == 2 and voice.ready.is_set())

        assert await voice.spoken([BYE], DEADLINE) is not None
        assert await voice.spoken([BREAK], DEADLINE) is None  # not tried a second time
        assert lines(tmp_path, "asked").count("break") == 1

    first, second = (int(pid) for pid in lines(tmp_path, "starts"))
    assert not psutil.pid_exists(first)
    assert not psutil.pid_exists(second)


async def test_one_that_died_between_two_sentences_costs_the_next_nothing(tmp_path: Path) -> None:
    async with running(Synthesiser(engine(tmp_path), tmp_path / "kept")) as voice:
        await voice.spoken([HELLO], DEADLINE)
        gone = psutil.Process(int(lines(tmp_path, "starts")[0]))
        gone.kill()
        await until(lambda: not voice._engine.alive)

        assert await voice.spoken([BYE], DEADLINE) == [b"\1" * SOUND]

    assert len(lines(tmp_path, "starts")) == 2


async def test_words_that_it_cannot_say_are_asked_for_once(tmp_path: Path) -> None:
    async with running(Synthesiser(engine(tmp_path, "raise"), tmp_path / "kept")) as voice:
        assert await voice.spoken([BREAK], DEADLINE) is None
        assert await voice.spoken([BREAK], DEADLINE) is None
        assert await voice.spoken([BYE], DEADLINE) is not None

    assert lines(tmp_path, "asked") == ["break", "Goodbye."]
    assert len(lines(tmp_path, "starts")) == 1


async def test_a_command_that_is_not_there_costs_no_caller_anything(tmp_path: Path) -> None:
    voice = Synthesiser((str(tmp_path / "nothing"),), tmp_path / "kept", rest=DEADLINE)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(voice.run())
        await until(lambda: voice._deaths == 1)
        assert await voice.spoken([HELLO], DEADLINE) is None
        task.cancel()


async def test_it_gets_none_of_our_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHITONG_AUTH_TOKEN", "not-to-be-told")
    async with running(Synthesiser(engine(tmp_path), tmp_path / "kept")):
        names = set(lines(tmp_path, "environment"))

    assert "PATH" in names
    assert not {name for name in names if name.startswith("ZHITONG_")}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signal")
def test_it_ends_when_the_server_is_killed(tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-c", _SERVER, *engine(tmp_path, "hang")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    with started, started.stdout:
        assert started.stdout.readline() == "asked\n"
        voice = psutil.Process(int(lines(tmp_path, "starts")[0]))
        assert voice.is_running()  # in the middle of a piece that takes ten minutes
        os.kill(started.pid, signal.SIGKILL)

        voice.wait(DEADLINE)


_SERVER = """
import asyncio, sys
from pathlib import Path
from ivr.carrier.local.speech.pieces import Piece
from ivr.carrier.local.speech.synthesiser import Synthesiser
import tempfile

async def main():
    voice = Synthesiser(sys.argv[1:], Path(tempfile.mkdtemp()))
    async with asyncio.TaskGroup() as group:
        group.create_task(voice.run())
        await voice.ready.wait()
        await voice.spoken([Piece("break", "en")], 0.2)
        print("asked", flush=True)

asyncio.run(main())
"""
