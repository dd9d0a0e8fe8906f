"""What a step costs where much is stored: with 1,000,000 calls of the past against 1,000, and with
100,000 published numbers against one, in interleaved rounds of one run.
`python -m benchmarks.growth [--database postgresql] [--only numbers]`; exits 1 where the greater
costs more than 1.3 times the smaller, by rate or by CPU a step (performance §4)."""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from benchmarks.caller import Stories, checks, checks_of, matters
from benchmarks.databases import CALLER_CORE, Databases, ask_database, databases
from benchmarks.fill import fill
from benchmarks.machine import facts, pin
from benchmarks.register import published
from benchmarks.rounds import CONNECTIONS, WARM, Line, answered, judged, measure, ratio
from benchmarks.servers import Place, Running, alone, at

GOAL: Final = 1.3
STRIDE: Final = 1_000_000
FEW_CALLS: Final = 1_000


class What(StrEnum):
    """What is more, or less."""

    CALLS = "calls"
    NUMBERS = "numbers"


Compared = Mapping[str, tuple[Line, Line]]
"""Each mix of calls on the small one and on the great one."""


def rounds(
    compared: Compared, pair: tuple[Running, Running], data: Databases, count: int, seconds: float
) -> None:
    """Small and great in turn, after a round that warms up."""
    servers, start = {"small": pair[0], "great": pair[1]}, 0
    for number in range(count + 1):
        for name, lines in compared.items():
            for line, (size, server) in zip(lines, servers.items(), strict=True):
                with alone(server, servers):
                    seen = measure(
                        line, server, data, seconds if number else min(seconds, WARM), start
                    )
                start += STRIDE
                print(f"round {number}  {name:16} {size:6} {seen}", flush=True)


def verdict(what: str, compared: Compared) -> bool:
    """Whether the growth stays within the goal."""
    print(f"{what}; {CONNECTIONS} connections, server on one core: how many times a step costs by")
    print("rate, by the server's CPU, and by that with PostgreSQL's; the greatest is judged")
    met = []
    for name, (small, great) in compared.items():
        found = ratio(small, great)
        met.append(judged(f"{name:24} {found}", found.dearest, GOAL, least=False))
    return answered(line for pair in compared.values() for line in pair) and all(met)


def of_calls(data: Databases, great: int, count: int, seconds: float) -> bool:
    """Servers on two databases, with few and with many calls of the past."""
    both: dict[str, Stories] = {"menus and checks": checks, "calls": matters}
    compared = {name: _pair(stories, stories) for name, stories in both.items()}
    with contextlib.ExitStack() as stack:
        servers = []
        for size, name in ((FEW_CALLS, "few"), (great, "many")):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="zhitong-growth-"))
            place, begun = Place(Path(folder), data.new(name)), time.monotonic()
            fill(place, size)
            print(f"{size} calls written in {time.monotonic() - begun:.0f} s", flush=True)
            servers.append(stack.enter_context(at("steps", place)))
        rounds(compared, (servers[0], servers[1]), data, count, seconds)
    return verdict(f"{great} stored calls against {FEW_CALLS} on {data.kind}", compared)


def of_numbers(data: Databases, great: int, count: int, seconds: float) -> bool:
    """Servers with two registers; each call dials another number and checks yet another."""
    compared = {"answer and checks": _pair(*(checks_of(published(size)) for size in (1, great)))}
    with contextlib.ExitStack() as stack:
        servers = []
        for size, name in ((1, "one"), (great, "all")):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="zhitong-growth-"))
            place = Place(Path(folder), data.new(f"{name}_numbers"), numbers=size)
            servers.append(stack.enter_context(at("steps", place)))
        rounds(compared, (servers[0], servers[1]), data, count, seconds)
    return verdict(f"{great} published numbers against one, on {data.kind}", compared)


def _pair(small: Stories, great: Stories) -> tuple[Line, Line]:
    return Line("steps", small), Line("steps", great)


def main() -> int:
    """Fill, run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--numbers", type=int, default=100_000)
    parser.add_argument("--only", type=What, choices=list(What))
    ask_database(parser)
    asked = parser.parse_args()
    pin(CALLER_CORE)
    print(facts())
    met = []
    with databases(asked.database) as data:
        for what, measured, great in (
            (What.CALLS, of_calls, asked.calls),
            (What.NUMBERS, of_numbers, asked.numbers),
        ):
            if asked.only in (None, what):
                met.append(measured(data, great, asked.rounds, asked.seconds))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
