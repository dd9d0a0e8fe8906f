"""Latency at a rate that does not wait: Poisson arrivals over a thousand connections, each latency
from the intended time, against the caller's own floor (bare aiohttp in the same run).
`python -m benchmarks.open_loop [--rate 2500] [--database postgresql]`; exits 1 where any webhook is
lost or, on SQLite, p99 is further above the floor than the goal of that rate."""

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Final

from benchmarks.caller import (
    ACTION,
    TURN,
    Account,
    Connection,
    Counts,
    Keys,
    Stories,
    checks,
    fast_loop,
    matters,
    request,
    wires,
)
from benchmarks.databases import CALLER_CORE, Kind, ask_database, databases
from benchmarks.machine import facts, pin
from benchmarks.servers import alone, running

GOALS_MS: Final = ((1000, 10.0), (2500, 20.0))
"""Up to which rate, how far p99 may be above the floor; beyond the last there is no goal."""
LONGEST: Final = 60.0
"""Seconds after the last arrival until a webhook counts as lost."""
STRIDE: Final = 10_007
"""Between the first calls of two connections; odd, so that they differ in what they are about."""
SERVED: Final[dict[str, tuple[str, Stories]]] = {
    "checks": ("steps", checks),
    "calls": ("steps", matters),
    "jobs": ("ours", matters),
}
"""Menus and checks; every fourth call states a matter; the same with the jobs that they leave at
work beside. Which server, and what its calls say."""


class Caller:
    """One connection that plays call after call, a webhook each time it is asked to."""

    def __init__(
        self, account: Account, connection: Connection, first: int, stories: Stories
    ) -> None:
        self._account = account
        self._connection = connection
        self._number = first
        self._stories = stories
        self._left: list[tuple[str, Keys]] = []
        self._path = ""
        self._busy = asyncio.Lock()

    async def step(self, intended: float, counts: Counts, *, counted: bool) -> None:
        """One webhook, as soon as the last one of this connection is answered."""
        async with self._busy:
            if not self._left:
                self._number += 1
                keys = self._stories(self._number)
                self._left = list(wires(self._account, self._number, keys))
            address, form = self._left.pop(0)
            self._path = address or self._path
            status, body = await self._connection.post(request(self._account, self._path, form))
            if counted:
                counts.late.append(time.perf_counter() - intended)
            counts.steps += 1
            counts.failed += status != 200
            found = ACTION.search(body)
            if found is None:
                self._left = []
            else:
                self._path = found[1].decode()[len(self._account.base) :]
                if TURN not in self._path:  # what is said where a step fails
                    counts.failed += status == 200
                    self._left = []


async def run(callers: Sequence[Caller], rate: float, warms: float, seconds: float) -> Counts:
    """Poisson arrivals at `rate` a second, each at a connection drawn by lot, so that the calls
    stand at different turns; the first seconds bring them there and are not counted."""
    counts, luck = Counts(), random.Random(1)
    begun = time.perf_counter() + 0.05
    due, place = begun, 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(warms + seconds + LONGEST), asyncio.TaskGroup() as group:
            while due < begun + warms + seconds:
                wait = due - time.perf_counter()
                if wait > 0:
                    await asyncio.sleep(wait)
                caller, counted = luck.choice(callers), due >= begun + warms
                group.create_task(caller.step(due, counts, counted=counted))
                place += 1
                due += luck.expovariate(rate)
    counts.failed += place - counts.steps
    return counts


async def one_round(
    account: Account, stories: Stories, asked: argparse.Namespace, number: int
) -> Counts:
    """All connections opened, the arrivals, all closed."""
    opened = [await Connection.open(account.base) for _ in range(asked.connections)]
    first = number * asked.connections
    callers = [
        Caller(account, one, (first + at) * STRIDE, stories) for at, one in enumerate(opened)
    ]
    counts = await run(callers, asked.rate, asked.warms, asked.seconds)
    for one in opened:
        one.close()
    return counts


def quantile(late: Sequence[float], part: float) -> float:
    """Milliseconds below which this part of the latencies lies."""
    return sorted(late)[min(len(late) - 1, int(len(late) * part))] * 1000 if late else float("inf")


def goal(rate: float) -> float | None:
    """Milliseconds, or None where the rate has no goal."""
    return next((most for up_to, most in GOALS_MS if rate <= up_to), None)


def measured(asked: argparse.Namespace) -> tuple[dict[str, list[float]], int]:
    """Interleaved rounds: the floor, then ours. Milliseconds of p99 above the floor by what was
    served, and how many webhooks were lost."""
    above: dict[str, list[float]] = {name: [] for name in asked.serve}
    lines: dict[str, tuple[str, Stories]] = {
        "bare": ("bare", matters),
        **{name: SERVED[name] for name in asked.serve},
    }
    lost = 0
    with contextlib.ExitStack() as stack:
        data = stack.enter_context(databases(asked.database))
        servers = {
            kind: stack.enter_context(running(kind, data.new(kind)))
            for kind in dict.fromkeys(kind for kind, _ in lines.values())
        }
        for number in range(1, asked.rounds + 1):
            floor = 0.0
            for place, (name, (kind, stories)) in enumerate(lines.items()):
                data.flush()
                work = one_round(servers[kind].account, stories, asked, number * len(lines) + place)
                with (
                    alone(servers[kind], servers),
                    asyncio.Runner(loop_factory=fast_loop()) as runner,
                ):
                    counts = runner.run(work)
                p50, p99, p999 = (quantile(counts.late, part) for part in (0.5, 0.99, 0.999))
                print(
                    f"round {number}  {name:6} p50 {p50:6.2f}  p99 {p99:7.2f}  "
                    f"p99.9 {p999:7.2f} ms  {counts.steps} webhooks, {counts.failed} lost",
                    flush=True,
                )
                lost += counts.failed
                if name == "bare":
                    floor = p99
                else:
                    above[name].append(p99 - floor)
    return above, lost


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--warms", type=float, default=4, help="seconds before those that count")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--serve",
        nargs="+",
        choices=SERVED,
        default=["calls", "jobs"],
        help="checks; calls, of which some state matters; calls with their jobs beside",
    )
    ask_database(parser)
    asked = parser.parse_args()
    pin(CALLER_CORE)
    print(facts())
    above, lost = measured(asked)
    most = goal(asked.rate) if asked.database is Kind.SQLITE else None
    print(
        f"{asked.rate:g} webhooks a second over {asked.connections} connections, {asked.database}"
    )
    print(f"goal {'none here' if most is None else f'{most:g} ms'}, and nothing lost; {lost} lost")
    met = lost == 0
    for name, found in above.items():
        p99 = statistics.median(found)
        met = met and (most is None or p99 <= most)
        print(f"{name}: p99 {p99:.1f} ms above the floor")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
