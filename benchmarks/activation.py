"""How long after the commit of a plan on one replica another takes new calls with it: two servers
on one real PostgreSQL, told by NOTIFY, one rule of many changed each time.

    python -m benchmarks.activation [--rules 100000] [--times 20]

Both servers and PostgreSQL share this machine. The goal (issue "the rules"): two seconds. Exits 1
where the slowest is later. How long the second replica's loop stood
still at most is told by the clock and in CPU of its own, which no other process makes longer.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.databases import Kind, databases
from benchmarks.machine import facts
from benchmarks.open_loop import quantile
from benchmarks.servers import Place, Running, at

GOAL: Final = 2.0
"""Seconds."""
LONGEST: Final = aiohttp.ClientTimeout(total=600)


async def asked(session: aiohttp.ClientSession, how: str, url: str) -> Any:
    """What a server answers."""
    async with session.request(how, url) as answer:
        answer.raise_for_status()
        return json.loads(await answer.text())


async def measure(one: Running, other: Running, rules: int, times: int) -> list[float]:
    """Seconds from each commit to its use, by the clock that both have."""
    late = []
    async with aiohttp.ClientSession(timeout=LONGEST) as session:
        filled = await asked(session, "POST", f"{one.account.base}/fill/{rules}")
        await asked(session, "GET", f"{other.account.base}/used/{filled['number']}")
        for _ in range(times):
            made = await asked(session, "POST", f"{one.account.base}/commit")
            told = await asked(session, "GET", f"{other.account.base}/used/{made['number']}")
            late.append(told["used"] - made["committed"])
            held = f"{told['held'] * 1000:.0f} ms, {told['own'] * 1000:.1f} of its own CPU"
            print(f"plan {made['number']}: {late[-1]:.3f} s, the loop held for {held}", flush=True)
    return late


@contextlib.contextmanager
def replica(database: str) -> Iterator[Running]:
    """A server on this database, on whichever core is free."""
    with (
        tempfile.TemporaryDirectory(prefix="zhitong-bench-") as folder,
        at("publishing", Place(Path(folder), database, core=None)) as server,
    ):
        yield server


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20)
    wanted = parser.parse_args()
    print(facts())
    with (
        databases(Kind.POSTGRESQL, core=None) as data,
        replica(data.new("p")) as one,
        replica(one.place.database) as other,
    ):
        late = asyncio.run(measure(one, other, wanted.rules, wanted.times))
    print(
        f"{wanted.rules:,} rules, commit to use on the other replica, {len(late)} times: "
        f"p50 {quantile(late, 0.5) / 1000:.3f}, p99 {quantile(late, 0.99) / 1000:.3f}, "
        f"max {max(late):.3f} s (goal {GOAL:g})"
    )
    print(facts())
    met = max(late) <= GOAL
    print("met" if met else "NOT met")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
