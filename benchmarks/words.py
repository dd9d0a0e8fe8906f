"""How well and how fast recordings are written down, by any engine that is configured: character
error rate by language, voice and noise; with `local` also the time for a minute of Mandarin and p99
of a step while it works. `python -m benchmarks.words [--engine openai]`; exits 1 where `local`
takes longer than half a minute for the minute, or p99 is more than twice the quiet one."""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, Self

import psutil

from benchmarks import spoken
from benchmarks.caller import checks, fast_loop
from benchmarks.errors import edits, letters
from benchmarks.machine import facts
from benchmarks.open_loop import one_round, quantile
from benchmarks.servers import Place, at
from deployment.carrier import transcriber
from deployment.engine import engine_of
from deployment.settings import Settings
from ivr.conversation.pieces import Pieces
from ivr.engine.process import EngineProcess
from ivr.flow.instruction import Language
from ivr.flow.world import Plan, Policy
from ivr.library.plans import Inputs, compile_plan, shipped
from ivr.ports.recordings import Transcriber
from ivr.transcription.hot_words import NOTHING_EXPECTED, Expect, HotWords, hot_words
from routing.city import AREA, calendar, demo_sheets
from routing.handoff import NotYet, TryAgain

LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
MINUTE_WITHIN: Final = 30.0
"""Seconds for a minute of sound, on two cores."""
MOST_FAILED: Final = 5
MOST_P99: Final = 2.0
"""Of a step while the engine works, against a quiet machine."""


class Shelf:
    """One recording, under any id."""

    def __init__(self) -> None:
        self.wav = b""

    async def size(self, sid: str) -> int | None:
        return len(self.wav)

    async def piece(self, sid: str, number: int) -> bytes:
        return self.wav[number * 262_144 : (number + 1) * 262_144]


async def written(engine: Transcriber, language: Language) -> str:
    """The words of what lies on the engine's shelf, however many jobs they take."""
    failed = 0
    while failed < MOST_FAILED:
        try:
            words = await engine.transcribe("RE1", language)
        except NotYet:
            continue
        except TryAgain as later:
            print(f"again, as {later}", flush=True)
            failed += 1
            continue
        return "" if words is None else words.text
    raise SystemExit("the machine is too busy, or the engine does not answer")


def demo_plan() -> Plan:
    """What the demonstration's callers may say is what an engine is told to expect."""
    inputs = Inputs(demo_sheets(), shipped(), calendar(), AREA, "Asia/Shanghai", Policy())
    return compile_plan(inputs, 1, date(2026, 11, 24))


def expecting(*, bare: bool) -> Expect:
    """The hot words of the demonstration, or none."""
    plan = demo_plan()

    async def expect(sid: str, language: Language) -> HotWords:
        if bare:
            return NOTHING_EXPECTED
        return hot_words(plan.directory, plan.vocabulary, language)

    return expect


async def errors(
    engine: Transcriber, shelf: Shelf, language: Language, asked: argparse.Namespace
) -> None:
    """Prints the share of wrong characters by voice and noise."""
    wrong, of = defaultdict[tuple[str, str], int](int), defaultdict[tuple[str, str], int](int)
    at_hand = await asyncio.to_thread(spoken.voices, language, asked.sentences)
    for sample in spoken.samples(language, at_hand):
        shelf.wav = sample.wav
        said = await written(engine, language)
        meant, case = letters(sample.text), (sample.voice, sample.noise)
        wrong[case] += edits(meant, letters(said))
        of[case] += len(meant)
        if asked.show:
            print(f"  {sample.voice} {sample.noise}: {sample.text}\n    {said}")
    for voice, noise in of:
        share = wrong[voice, noise] / of[voice, noise]
        print(f"{language:6} {voice:10} {noise:6} CER {share:6.1%}", flush=True)


async def a_minute(engine: Transcriber, process: EngineProcess, shelf: Shelf, tries: int) -> float:
    """The median seconds for a minute of Mandarin, the engine being warm."""
    shelf.wav = await asyncio.to_thread(spoken.minute)
    await written(engine, "zh-CN")
    assert process.pid is not None
    listening, seconds = psutil.Process(process.pid), list[float]()
    for _ in range(tries):
        begun, before = time.perf_counter(), listening.cpu_times()
        await written(engine, "zh-CN")
        seconds.append(time.perf_counter() - begun)
        spent = listening.cpu_times()
        used = spent.user + spent.system - before.user - before.system
        held = listening.memory_info().rss / 1024**2
        print(f"a minute of Mandarin: {seconds[-1]:5.1f} s, {used:5.1f} s of CPU, {held:.0f} MB")
    return statistics.median(seconds)


class Working(threading.Thread):
    """An engine that writes down one minute after another, until told to stop."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self._settings = settings
        self._told = threading.Event()
        self._begun = threading.Event()
        self.minutes = 0

    def run(self) -> None:
        try:
            asyncio.run(self._work())
        finally:  # whoever waits for it must not wait for ever
            self._begun.set()

    async def _work(self) -> None:
        shelf, process = Shelf(), engine_of(self._settings)
        assert process is not None
        engine = engine_for(self._settings, shelf, expecting(bare=True), process)
        shelf.wav = spoken.on_the_line(bytes(2 * 8_000))
        await written(engine, "zh-CN")  # it is loaded
        shelf.wav = spoken.minute()
        self._begun.set()
        async with asyncio.TaskGroup() as group:
            working = group.create_task(self._minutes(engine))
            await asyncio.to_thread(self._told.wait)
            working.cancel()
        await process.close()

    async def _minutes(self, engine: Transcriber) -> None:
        while True:
            await written(engine, "zh-CN")
            self.minutes += 1

    def __enter__(self) -> Self:
        self.start()
        self._begun.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._told.set()
        self.join()


def beside(settings: Settings, asked: argparse.Namespace) -> float:
    """The median ratio of p99 of a step while the engine works to that of a quiet machine, in
    rounds by turns. Neither server nor caller is pinned; both feel the engine."""
    ratios = []
    with tempfile.TemporaryDirectory(prefix="zhitong-bench-") as folder:
        place = Place(Path(folder), core=None)
        with at("steps", place) as server:
            for number in range(asked.rounds):
                found = dict[str, float]()
                for busy in (False, True):
                    with Working(settings) if busy else contextlib.nullcontext():
                        first = 2 * number + busy
                        work = one_round(server.account, checks, asked, first)
                        with asyncio.Runner(loop_factory=fast_loop()) as runner:
                            counts = runner.run(work)
                    name = "while it works" if busy else "quiet"
                    found[name] = quantile(counts.late, 0.99)
                    p50 = quantile(counts.late, 0.5)
                    print(f"step, {name:14} p50 {p50:6.2f}  p99 {found[name]:7.2f} ms", flush=True)
                ratios.append(found["while it works"] / found["quiet"])
    return statistics.median(ratios)


def engine_for(
    settings: Settings, shelf: Shelf, expect: Expect, process: EngineProcess | None
) -> Transcriber:
    """The engine that the server would ask."""
    nobody: Pieces | None = None
    return transcriber(settings, nobody, nobody, shelf, expect, engine=process)  # type: ignore[arg-type]  # only a carrier's words want rows and pieces


async def measured(settings: Settings, asked: argparse.Namespace) -> float | None:
    """All that one engine is asked in one loop; the seconds for a minute."""
    shelf, process = Shelf(), engine_of(settings)
    engine = engine_for(settings, shelf, expecting(bare=asked.bare), process)
    try:
        for language in asked.languages:
            await errors(engine, shelf, language, asked)
        if process is None or not asked.tries:
            return None
        return await a_minute(engine, process, shelf, asked.tries)
    finally:
        if process is not None:
            await process.close()


@contextlib.contextmanager
def chosen(engine: str) -> Iterator[Settings]:
    """As the server's own environment says, with this engine and a folder for its model."""
    with tempfile.TemporaryDirectory(prefix="zhitong-words-") as folder:
        yield Settings(transcriber=engine, data_dir=Path(folder))  # type: ignore[arg-type]  # checked by the parser


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("local", "openai"), default="local")
    parser.add_argument("--languages", nargs="*", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--sentences", type=int, default=5, help="of each voice")
    parser.add_argument("--bare", action="store_true", help="without words to expect")
    parser.add_argument("--show", action="store_true", help="what was written down")
    parser.add_argument("--tries", type=int, default=3, help="of the minute; 0: none")
    parser.add_argument("--rounds", type=int, default=5, help="of steps beside it; 0: none")
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warms", type=float, default=2, help="seconds before those that count")
    asked = parser.parse_args()
    print(facts())
    met = True
    with chosen(asked.engine) as settings:
        minute = asyncio.run(measured(settings, asked))
        if minute is not None:
            met = minute <= MINUTE_WITHIN
            print(f"a minute of Mandarin: {minute:.1f} s; goal {MINUTE_WITHIN:g} s")
        if asked.engine == "local" and asked.rounds:
            times = beside(settings, asked)
            met = met and times <= MOST_P99
            print(f"p99 of a step while it works: {times:.2f} times; goal {MOST_P99:g}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
