"""Latency at a rate that does not wait: Poisson arrivals over a thousand connections, each latency
from the intended time, against the caller's own floor (bare aiohttp in the same run).
`python -m benchmarks.open_loop`; exits 1 where p99 is more than 10 ms above the floor or any
webhook is lost. `steps` and `ours` as in `servers`."""

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
    Account,
    Connection,
    Counts,
    Keys,
    fast_loop,
    request,
    story,
    wires,
)
from benchmarks.machine import facts, pin
from benchmarks.servers import alone, running

GOAL_MS: Final = 10.0
CALLER_CORE: Final = 1
WARMS: Final = 4.0
STRIDE: Final = 10_007
"""Between the first calls of two connections; odd, so that they differ in what they are about."""
MATTERS: Final = 4
"""Every fourth call states a matter, every eighth asks after a case."""


class Caller:
    """One connection that plays call after call, a webhook each time it is asked to."""

    def __init__(self, account: Account, connection: Connection, first: int) -> None:
        self._account = account
        self._connection = connection
        self._number = first
        self._left: list[tuple[str, Keys]] = []
        self._path = ""
        self._busy = asyncio.Lock()

    async def step(self, intended: float, counts: Counts, *, counted: bool) -> None:
        """One webhook, as soon as the last one of this connection is answered."""
        async with self._busy:
            if not self._left:
                self._number += 1
                keys = story(self._number, matters=MATTERS)
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


async def run(
    account: Account, rate: float, connections: int, seconds: float, number: int
) -> Counts:
    """Poisson arrivals at `rate` a second, each at a connection drawn by lot, so that the calls
    stand at different turns; the first seconds bring them there and are not counted."""
    opened = [await Connection.open(account.base) for _ in range(connections)]
    first = number * connections
    callers = [Caller(account, one, (first + at) * STRIDE) for at, one in enumerate(opened)]
    counts, luck = Counts(), random.Random(1)
    begun = time.perf_counter() + 0.05
    due, place = begun, 0
    async with asyncio.TaskGroup() as group:
        while due < begun + WARMS + seconds:
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            caller, counted = luck.choice(callers), due >= begun + WARMS
            group.create_task(caller.step(due, counts, counted=counted))
            place += 1
            due += luck.expovariate(rate)
    for one in opened:
        one.close()
    counts.failed += place - counts.steps
    return counts


def quantile(late: Sequence[float], part: float) -> float:
    """Milliseconds below which this part of the latencies lies."""
    return sorted(late)[min(len(late) - 1, int(len(late) * part))] * 1000


def main() -> int:
    """Interleaved rounds: the floor, then ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    pin(CALLER_CORE)
    print(facts())
    above: dict[str, list[float]] = {"steps": [], "ours": []}
    failed = 0
    with contextlib.ExitStack() as stack:
        servers = {kind: stack.enter_context(running(kind)) for kind in ("bare", *above)}
        for number in range(1, asked.rounds + 1):
            floor = 0.0
            for kind, server in servers.items():
                work = run(server.account, asked.rate, asked.connections, asked.seconds, number)
                with (
                    alone(server, servers),
                    asyncio.Runner(loop_factory=fast_loop()) as runner,
                ):
                    counts = runner.run(work)
                p99 = quantile(counts.late, 0.99)
                p50, p999 = quantile(counts.late, 0.5), quantile(counts.late, 0.999)
                print(
                    f"round {number}  {kind:5} p50 {p50:6.2f}  p99 {p99:7.2f}  "
                    f"p99.9 {p999:7.2f} ms  {counts.steps} webhooks",
                    flush=True,
                )
                if kind == "bare":
                    floor = p99
                else:
                    above[kind].append(p99 - floor)
                    failed += counts.failed
    steps, ours = (statistics.median(found) for found in above.values())
    print(f"p99 above the floor: steps {steps:.1f} ms, with their jobs beside {ours:.1f} ms")
    print(f"goal {GOAL_MS:g} ms, and nothing lost; {failed} lost")
    return 0 if max(steps, ours) <= GOAL_MS and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
