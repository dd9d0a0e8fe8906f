"""A durable, signed step against bare aiohttp and against a step of SDK and ORM, in interleaved
rounds of one run: the real script, routing, journal row and stored reply, SQLite FULL.
`python -m benchmarks.step`; exits 1 where a goal is missed (performance §4)."""

import argparse
import asyncio
import contextlib
import sqlite3
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Final

from benchmarks.caller import fast_loop, load
from benchmarks.machine import cpu_of, facts, pin
from benchmarks.servers import Running, alone, running

GOAL_BARE, AIM_BARE = 0.20, 0.25
GOAL_ORM, AIM_ORM = 6.0, 8.0
CONNECTIONS: Final = 32
CALLER_CORE: Final = 1
BUSY: Final = 0.9
"""A server that used less of its core was not what limited the rate."""


@dataclass(slots=True)
class Line:
    """One server under one mix of calls; `matters` as in `caller.story`."""

    kind: str
    matters: int
    steps_a_second: list[float] = field(default_factory=list)
    cpu_a_step: list[float] = field(default_factory=list)
    core: list[float] = field(default_factory=list)


LINES: Final = {
    "bare": Line("bare", 0),
    "menus and checks": Line("steps", 0),
    "calls": Line("steps", 4),
    "calls and jobs": Line("ours", 4),
    "SDK + ORM": Line("sdk-orm", 4),
}
"""`calls`: every fourth states a matter, every eighth asks after a case, the others check.
`jobs`: the texts, mails and recordings that they leave are sent and fetched meanwhile, by and
from the same process, since it is its own carrier here."""


def measure(line: Line, server: Running, seconds: float, start: int) -> str:
    """One round: steps a second, the server's CPU microseconds a step, and how full its core
    was."""
    before, cpu = time.monotonic(), cpu_of(server.process.pid)
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        counts = runner.run(
            load(
                server.account,
                connections=CONNECTIONS,
                seconds=seconds,
                start=start,
                matters=line.matters,
            )
        )
    if counts.failed:
        raise SystemExit(f"{counts.failed} webhooks were not answered; see the server's log")
    took, used = time.monotonic() - before, cpu_of(server.process.pid) - cpu
    line.steps_a_second.append(counts.steps / took)
    line.cpu_a_step.append(used / counts.steps * 1e6)
    line.core.append(used / took)
    return (
        f"{line.steps_a_second[-1]:8.0f} steps/s  {line.cpu_a_step[-1]:6.0f} us CPU  "
        f"core {line.core[-1]:4.0%}"
    )


def jobs(server: Running) -> tuple[int, int]:
    """The outbox's jobs: finished, and still waiting."""
    database = sqlite3.connect(f"file:{server.folder / 'zhitong.db'}?mode=ro", uri=True)
    states = dict(database.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
    database.close()
    done = states.pop("done", 0) + states.pop("dead", 0)
    return done, sum(states.values())


def main() -> int:
    """Run the rounds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    asked = parser.parse_args()
    pin(CALLER_CORE)
    print(facts())
    with contextlib.ExitStack() as stack:
        kinds = dict.fromkeys(line.kind for line in LINES.values())
        servers = {kind: stack.enter_context(running(kind)) for kind in kinds}
        start = 0
        for number in range(asked.rounds + 1):
            for name, line in LINES.items():
                server = servers[line.kind]
                with alone(server, servers):
                    seen = measure(line, server, asked.seconds if number else 1.0, start)
                start += 1_000_000
                print(f"round {number}  {name:16} {seen}", flush=True)
        done, waiting = jobs(servers["ours"])
    print(f"texts, mails and recordings of these calls: {done} jobs done beside, {waiting} wait")
    return verdict()


def ratios(ours: Line, other: Line) -> tuple[float, float]:
    """Medians over the rounds after the first, which warms up: of the rates, and of the CPU time
    a step, which other work on this machine cannot flatter."""
    rates = zip(ours.steps_a_second[1:], other.steps_a_second[1:], strict=True)
    costs = zip(ours.cpu_a_step[1:], other.cpu_a_step[1:], strict=True)
    rate = statistics.median(mine / theirs for mine, theirs in rates)
    cost = statistics.median(theirs / mine if theirs else rate for mine, theirs in costs)
    return rate, cost


def verdict() -> int:
    """The goals, judged by the lower of both ratios."""
    bare, checks, calls, working, orm = LINES.values()
    print(f"{CONNECTIONS} connections, server on one core, SQLite FULL; by rate, by CPU a step")
    goals = (
        ("menus and checks / bare aiohttp", ratios(checks, bare), GOAL_BARE, AIM_BARE),
        ("calls with matters / bare aiohttp", ratios(calls, bare), GOAL_BARE, AIM_BARE),
        ("calls with matters / SDK + ORM", ratios(calls, orm), GOAL_ORM, AIM_ORM),
    )
    for name, found, goal, aim in goals:
        mark = "met" if min(found) >= goal else "missed"
        print(f"{name:34} {found[0]:6.3f} {found[1]:6.3f}   goal {goal:g}, aim {aim:g}: {mark}")
    rate, cost = ratios(working, bare)
    print(f"{'calls and their jobs / bare aiohttp':34} {rate:6.3f} {cost:6.3f}")
    if min(map(statistics.median, (line.core[1:] for line in LINES.values()))) < BUSY:
        print("a server's core was not full: something else limited it, rates say less than CPU")
    return 0 if all(min(found) >= goal for _, found, goal, _ in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
