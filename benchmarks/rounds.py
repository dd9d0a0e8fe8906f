"""One round of load on one server, and what rounds say of two: ratios of medians, by rate and by
CPU time. Used by the scripts that compare steps."""

import asyncio
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.caller import Stories, fast_loop, load
from benchmarks.databases import Databases
from benchmarks.machine import cpu_of
from benchmarks.servers import Running

CONNECTIONS: Final = 32
WARM: Final = 1.0
"""Seconds of the first round, which only warms up."""
BUSY: Final = 0.9
"""A server that used less of its core was not what limited the rate."""


@dataclass(slots=True)
class Line:
    """One server under one mix of calls, and what its rounds gave: steps a second, microseconds
    of CPU a step of the server and of PostgreSQL beside it, how full the server's core was, and how
    many webhooks no step answered (the plan speaks where one takes two seconds)."""

    kind: str
    stories: Stories
    rate: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    core: list[float] = field(default_factory=list)
    failed: int = 0


def measure(line: Line, server: Running, data: Databases, seconds: float, start: int) -> str:
    """One round of calls numbered from `start`, and its figures as text. Ends the script where
    nothing is answered."""
    data.flush()
    before, cpu, beside = time.monotonic(), cpu_of(server.process.pid), data.cpu()
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        counts = runner.run(
            load(
                server.account,
                connections=CONNECTIONS,
                seconds=seconds,
                start=start,
                stories=line.stories,
            )
        )
    if not counts.steps:
        raise SystemExit(f"{counts.failed} webhooks and none answered; see the server's log")
    line.failed += counts.failed
    took, used = time.monotonic() - before, cpu_of(server.process.pid) - cpu
    line.rate.append(counts.steps / took)
    line.cpu.append(used / counts.steps * 1e6)
    line.beside.append((data.cpu() - beside) / counts.steps * 1e6)
    line.core.append(used / took)
    lost = f"  {counts.failed} not answered by a step" if counts.failed else ""
    return said(line, data) + lost


def said(line: Line, data: Databases) -> str:
    """The last round's figures."""
    beside = f" + {line.beside[-1]:4.0f} us PostgreSQL" if data.postgres is not None else ""
    return (
        f"{line.rate[-1]:8.0f} steps/s  {line.cpu[-1]:6.0f} us CPU{beside}  "
        f"core {line.core[-1]:4.0%}"
    )


@dataclass(frozen=True, slots=True)
class Ratio:
    """Medians over pairs of rounds: of the rates, of the server's CPU time a step (which other
    work on the machine cannot flatter), and of that with PostgreSQL's."""

    rate: float
    cpu: float
    with_database: float

    @property
    def worst(self) -> float:
        """What a goal is judged by."""
        return min(self.rate, self.cpu)

    @property
    def dearest(self) -> float:
        """The same where the other is the dearer one, and growth is what is asked."""
        return max(self.rate, self.cpu, self.with_database)

    def __str__(self) -> str:
        return f"{self.rate:6.3f} {self.cpu:6.3f} {self.with_database:6.3f}"


def ratio(ours: Line, other: Line, *, warm: int = 1) -> Ratio:
    """Ours against another: above 1 where ours is faster and cheaper. The first `warm` rounds
    only warm up."""
    rates = zip(ours.rate[warm:], other.rate[warm:], strict=True)
    return Ratio(
        statistics.median(mine / theirs for mine, theirs in rates),
        _cheaper(ours.cpu[warm:], other.cpu[warm:]),
        _cheaper(_all(ours)[warm:], _all(other)[warm:]),
    )


def _all(line: Line) -> Sequence[float]:
    return [mine + theirs for mine, theirs in zip(line.cpu, line.beside, strict=True)]


def _cheaper(ours: Sequence[float], other: Sequence[float]) -> float:
    pairs = zip(ours, other, strict=True)
    return statistics.median(theirs / mine if mine else 1.0 for mine, theirs in pairs)


def answered(lines: Iterable[Line]) -> bool:
    """Whether every webhook was, so that the figures are of the same work; printed where not."""
    failed = sum(line.failed for line in lines)
    if failed:
        print(f"{failed} webhooks were not answered by a step: these figures do not count")
    return not failed


def judged(name: str, found: float, goal: float, *, least: bool, rest: str = "") -> bool:
    """Print one goal; whether it is met. The figure may not be below it (`least`), or above."""
    met = found >= goal if least else found <= goal
    bound = "at least" if least else "at most"
    print(f"{name:44} {found:7.3f}   goal {bound} {goal:g}{rest}: {'met' if met else 'missed'}")
    return met
