"""An engine's process, whatever it does for a living: begun, asked, bounded, ended."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable

import psutil
import pytest

from ivr.engine.process import EngineAway, EngineFailed, EngineProcess, Program
from tests.deadline import DEADLINE

ECHO = """
import sys
from ivr.engine.frames import MOST_QUESTION, read_frame
from ivr.engine.program import answer, listened, own_output, step_back, tell
out = own_output()
print("what a library prints is no answer", flush=True)
step_back()
questions = listened(sys.stdin.buffer, lambda pipe: read_frame(pipe, MOST_QUESTION))
tell(out, {"ready": True})
for asked in questions:
    answer(out, asked)
"""
Begin = Callable[..., EngineProcess]


@pytest.fixture
async def begin() -> AsyncIterator[Begin]:
    begun: list[EngineProcess] = []

    def engine(code: str = ECHO, *, idle: float | None = None, most: int = 1_000) -> EngineProcess:
        program = Program((sys.executable, "-c", code), idle=idle, most_answer=most)
        begun.append(EngineProcess(program))
        return begun[-1]

    yield engine
    for one in begun:
        await one.close()


async def test_one_that_is_begun_ahead_is_the_one_that_is_asked(begin: Begin) -> None:
    engine = begin()
    await engine.begin()
    pid = engine.pid

    assert pid is not None
    assert [await engine.ask((word,), DEADLINE) for word in (b"one", b"two")] == [b"one", b"two"]
    assert engine.pid == pid


async def test_one_that_cannot_begin_says_why_and_leaves_nothing_behind(begin: Begin) -> None:
    engine = begin("from ivr.engine.program import *; tell(own_output(), {'failed': 'no model'})")
    with pytest.raises(EngineAway, match="cannot begin: no model"):
        await engine.begin()

    assert engine.pid is None


async def test_an_answer_beyond_its_bound_ends_it_and_it_is_begun_anew(begin: Begin) -> None:
    engine = begin(most=100)
    with pytest.raises(EngineFailed, match="nonsense: a frame of 101 bytes"):
        await engine.ask((b"x" * 101,), DEADLINE)

    assert engine.pid is None
    assert await engine.ask((b"x" * 100,), DEADLINE) == b"x" * 100


async def test_one_that_somebody_ended_is_begun_anew_for_the_next_question(begin: Begin) -> None:
    engine = begin()
    await engine.ask((b"one",), DEADLINE)
    pid = engine.pid
    assert pid is not None
    psutil.Process(pid).kill()
    async with asyncio.timeout(DEADLINE):
        while engine.alive:
            await asyncio.sleep(0.01)

    assert await engine.ask((b"two",), DEADLINE) == b"two"
    assert engine.pid != pid
