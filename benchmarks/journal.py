"""What the journal adds to a step: CPU and rate at 32 calls at once, beside sqlite3 alone writing
the same rows in batches of 32, the loop without a journal, and the disk's own fsync, in one run.

Run: `python -m benchmarks.journal [--steps N] [--rounds N] [--ordered]`; exit 1 above the goal."""

import argparse
import asyncio
import os
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from ivr.flow.call import Call
from ivr.ports.journal import Origin, Reply, Step
from storage.effects import Effects
from storage.journal import StoredJournal
from storage.schema import migrate
from storage.sealing import Sealing
from storage.sqlite.database import PRAGMAS, SqliteDatabase
from storage.sqlite.steps import INSERT_CALL, INSERT_STEP, _call_rows, _step_row

AT: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CALLS_AT_ONCE: Final = 32
TURNS: Final = 6
GOAL: Final = 16.0
"""Microseconds of CPU a step may cost the journal (group commit: performance §2b, 7 to 16)."""
REPLY: Final = b"<Response>" + b"x" * 700 + b"</Response>"
EVENT: Final = b'{"event":"Pressed","values":{"digits":"2","finished":false}}'

Append = Callable[[Step], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One round: steps a second, and microseconds of CPU a step (all threads)."""

    rate: float
    cpu: float


def call_steps(name: str) -> Sequence[Step]:
    """A call of six turns without effects, as most are."""
    return [
        Step(
            call=Call(name, "+8613800001234", "+865580000021", "zh-CN", "main", 1, AT, turn + 1),
            turn=turn,
            at=AT,
            event=EVENT,
            reply=REPLY,
            origin=Origin("AC1", name) if turn == 0 else None,
        )
        for turn in range(TURNS)
    ]


def calls_of(steps: int, *, ordered: bool) -> Sequence[Sequence[Step]]:
    """Enough calls for that many steps, made before the clock starts; their ids random, as the
    server's, or beginning with the time, which keeps an index's newest pages together."""
    begin = f"{time.time_ns():020d}" if ordered else ""
    return [
        call_steps(f"{begin}{n:06d}" if ordered else secrets.token_urlsafe(16))
        for n in range(steps // TURNS)
    ]


async def played(append: Append, calls: Sequence[Sequence[Step]]) -> Figure:
    """32 callers at once, each step only after the one before was answered."""
    waiting = iter(calls)

    async def line() -> None:
        for steps in waiting:
            for step in steps:
                await append(step)

    wall, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(CALLS_AT_ONCE):
            group.create_task(line())
    return _figure(wall, cpu, len(calls) * TURNS)


def _figure(wall: float, cpu: float, steps: int) -> Figure:
    seconds = time.perf_counter() - wall
    return Figure(steps / seconds, (time.process_time() - cpu) / steps * 1e6)


async def nothing(step: Step) -> Reply:
    """The loop's own share: a future that the next turn of the loop resolves, as any journal's."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Reply] = loop.create_future()
    loop.call_soon(answer.set_result, Reply(step.call.id, step.reply, mine=True))
    return await answer


def bare(path: Path, calls: Sequence[Sequence[Step]]) -> Figure:
    """sqlite3 alone: the same rows, made beforehand, 32 a transaction; no one to answer."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    steps = [step for turn in zip(*calls, strict=True) for step in turn]
    rows = [(list(_call_rows(step)), _step_row(step)) for step in steps]
    wall, cpu = time.perf_counter(), time.process_time()
    for begin in range(0, len(rows), CALLS_AT_ONCE):
        batch = rows[begin : begin + CALLS_AT_ONCE]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT_CALL, [row for made, _ in batch for row in made])
        connection.executemany(INSERT_STEP, [row for _, row in batch])
        connection.execute("COMMIT")
    figure = _figure(wall, cpu, len(rows))
    connection.close()
    return figure


def fsync_time(folder: Path) -> float:
    """Median microseconds of a 4 kB append and its fsync."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(100):
            begin = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e6


async def measured(
    folder: Path, steps: int, rounds: int, *, ordered: bool
) -> dict[str, list[Figure]]:
    """Interleaved rounds of the three, over one growing database each."""
    for name in ("journal.db", "bare.db"):
        await asyncio.to_thread(migrate, folder / name)
    database = SqliteDatabase(folder / "journal.db")
    sealing = Sealing(b"a benchmark's own key")
    journal = StoredJournal(database, Effects(sealing, ZoneInfo("Asia/Shanghai")))
    await journal.start()
    figures: dict[str, list[Figure]] = {"journal": [], "sqlite3 alone": [], "loop alone": []}
    try:
        await played(journal.append, calls_of(CALLS_AT_ONCE * TURNS, ordered=ordered))
        for _ in range(rounds):
            calls = calls_of(steps, ordered=ordered)
            figures["journal"].append(await played(journal.append, calls))
            figures["sqlite3 alone"].append(
                await asyncio.to_thread(bare, folder / "bare.db", calls)
            )
            figures["loop alone"].append(await played(nothing, calls))
    finally:
        await journal.stop()
        await database.close()
    return figures


def main() -> int:
    """Print medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ordered", action="store_true", help="ids that begin with the time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = asyncio.run(
            measured(Path(name), asked.steps, asked.rounds, ordered=asked.ordered)
        )
        disk = fsync_time(Path(name))
    print(f"{asked.rounds} interleaved rounds of {asked.steps} steps, {CALLS_AT_ONCE} at once")
    median: dict[str, Figure] = {}
    for name, rounds in figures.items():
        median[name] = Figure(
            statistics.median(f.rate for f in rounds), statistics.median(f.cpu for f in rounds)
        )
        print(
            f"{name:>14}: {median[name].rate:10,.0f} steps/s  {median[name].cpu:6.1f} us CPU/step"
        )
    added = median["journal"].cpu - median["loop alone"].cpu
    ratio = median["journal"].rate / median["sqlite3 alone"].rate
    print(f"{'fsync':>14}: {disk:10,.0f} us")
    print(f"the journal adds {added:.1f} us CPU a step (goal: at most {GOAL:.0f}),", end=" ")
    print(f"at {ratio:.2f} of the rate of sqlite3 alone;")
    print(f"the rows themselves cost {median['sqlite3 alone'].cpu:.1f} us of it")
    return 0 if added <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
