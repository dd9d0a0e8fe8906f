"""What calls notice of a publication: p99 of a step while one rule of many is changed in the draft,
published and taken into use, against a quiet line; how long the loop stood still at most, and how
long publishing and taking into use last.

    python -m benchmarks.publishing [--rules 100000] [--rate 100] [--rounds 3]

One server on one core, with the process of its checks, the caller on another; rounds of both are
interleaved, and calls go on as long as the publication does. The goal (issue "the rules"): p99 at
most twice the quiet one. Exits 1 where it is missed or a webhook is lost.
"""

import argparse
import asyncio
import json
import statistics
import sys
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from benchmarks.caller import Counts, checks, fast_loop
from benchmarks.databases import CALLER_CORE, ask_database, databases
from benchmarks.machine import facts, pin
from benchmarks.open_loop import one_round, quantile
from benchmarks.servers import Running, running

GOAL: Final = 2.0
MANY_ROUNDS: Final = 1000
"""More than there are: so that no two rounds have the same calls."""
LONGEST: Final = aiohttp.ClientTimeout(total=600)


@dataclass(slots=True)
class Figures:
    """Milliseconds of p50 and p99 of each round, and of each publication."""

    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def add(self, counts: Counts) -> None:
        """One round's."""
        self.p50.append(quantile(counts.late, 0.5))
        self.p99.append(quantile(counts.late, 0.99))


async def publish(server: Running, rules: int) -> dict[str, float]:
    """What it took, in seconds."""
    async with (
        aiohttp.ClientSession(timeout=LONGEST) as session,
        session.post(f"{server.account.base}/publish/{rules}") as answer,
    ):
        answer.raise_for_status()
        took: dict[str, float] = json.loads(await answer.text())
        return took


async def fill(server: Running, rules: int) -> None:
    """The plan with as many rules, in use."""
    async with (
        aiohttp.ClientSession(timeout=LONGEST) as session,
        session.post(f"{server.account.base}/fill/{rules}") as answer,
    ):
        answer.raise_for_status()


async def round_of(
    server: Running, asked: argparse.Namespace, number: int, told: list[dict[str, float]] | None
) -> Counts:
    """A round of calls; beside a publication, as long as it lasts, where `told` takes what it
    took."""
    if told is None:
        return await one_round(server.account, checks, asked, number)
    counts = Counts()
    async with asyncio.TaskGroup() as group:
        publishing = group.create_task(publish(server, asked.rules))
        while not publishing.done():
            some = await one_round(server.account, checks, asked, number)
            counts.late += some.late
            counts.steps += some.steps
            counts.failed += some.failed
            number += MANY_ROUNDS
    told.append(publishing.result())
    return counts


def _told(took: list[dict[str, float]] | None) -> str:
    return "".join(
        f"; published after {one['published']:.2f} s, in use {one['in use']:.2f} s later, "
        f"the loop held for {one['held'] * 1000:.0f} ms at most, "
        f"{one['own'] * 1000:.1f} of its own CPU"
        for one in took or ()
    )


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5, help="of quiet; of a step of the rest")
    parser.add_argument("--warms", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=3)
    ask_database(parser)
    asked = parser.parse_args()
    pin(CALLER_CORE)
    print(facts())
    figures, lost = {"quiet": Figures(), "publishing": Figures()}, 0
    with databases(asked.database) as data, running("publishing", data.new("p")) as server:
        asyncio.run(fill(server, asked.rules))
        for number in range(asked.rounds):
            for place, name in enumerate(figures):
                took: list[dict[str, float]] | None = [] if place else None
                with asyncio.Runner(loop_factory=fast_loop()) as runner:
                    counts = runner.run(round_of(server, asked, 2 * number + place + 1, took))
                figures[name].add(counts)
                lost += counts.failed
                print(
                    f"round {number + 1}  {name:10} p50 {figures[name].p50[-1]:6.2f}  "
                    f"p99 {figures[name].p99[-1]:7.2f} ms  {counts.steps} webhooks, "
                    f"{counts.failed} lost{_told(took)}",
                    flush=True,
                )
    ratios = [
        ours / quiet
        for ours, quiet in zip(figures["publishing"].p99, figures["quiet"].p99, strict=True)
    ]
    ratio = statistics.median(ratios)
    quiet, busy = (statistics.median(one.p50) for one in figures.values())
    slow_quiet, slow_busy = (statistics.median(one.p99) for one in figures.values())
    print(
        f"a step, quiet p50 {quiet:.2f} p99 {slow_quiet:.2f} ms; beside a publication p50 "
        f"{busy:.2f} p99 {slow_busy:.2f} ms"
    )
    print(f"{asked.rules:,} rules: p99 {ratio:.2f} times the quiet one (goal at most {GOAL:g})")
    met = ratio <= GOAL and not lost
    print("met" if met else "NOT met")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
