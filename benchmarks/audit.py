"""What an entry of the audit costs beside 100,000 others, against 1,000; and how long the chain of
them takes to verify, in how much memory.

    python -m benchmarks.audit [--entries 100000] [--database postgresql]

In one process, on two databases, appending in turn. Exits 1 where an entry beside many costs more
than 1.3 times one beside few, or verifying fills more than 16 MB (it streams).
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.databases import Databases, ask_database, databases
from benchmarks.machine import facts
from deployment.database import database_of, migrated
from deployment.settings import Settings
from routing.audit import Action, Entry
from storage.audit import StoredAudit, append
from storage.engine import Database

FEW: Final = 1_000
TOGETHER: Final = 500
"""Entries of one transaction while a chain is made."""
GOAL: Final = 1.3
MOST_MEMORY: Final = 16 * 1024 * 1024
ROUNDS: Final = 200
AT: Final = datetime(2026, 11, 24, 2, tzinfo=UTC)


def entry(number: int) -> Entry:
    """A change like many."""
    values = {"by": "lin", "reason": "换班 shift", "before": {"en": "old"}, "after": {"en": "new"}}
    return Entry(f"a{number % 9}", Action.DRAFT_CHANGED, f"topic:t{number % 500}", AT, values)


async def made(database: Database, many: int) -> StoredAudit:
    """A chain of so many."""
    for first in range(0, many, TOGETHER):

        def some(unit: object, first: int = first) -> None:
            for number in range(first, min(first + TOGETHER, many)):
                append(unit, entry(number))  # type: ignore[arg-type]  # brief work's connection

        await database.brief(some)
    return StoredAudit(database)


async def appended(chains: Sequence[StoredAudit]) -> list[float]:
    """The median milliseconds of an entry of each, one after the other in turn."""
    took: list[list[float]] = [[] for _ in chains]
    for number in range(ROUNDS):
        for chain, times in zip(chains, took, strict=True):
            begun = time.perf_counter()
            await chain.append(entry(number))
            times.append(time.perf_counter() - begun)
    return [statistics.median(times) * 1000 for times in took]


async def verified(chain: StoredAudit) -> tuple[int, float, int]:
    """How many links, in how many seconds, with how many bytes at most."""
    begun = time.perf_counter()
    verdict = await chain.verify()
    seconds = time.perf_counter() - begun
    if verdict.broken is not None:
        raise SystemExit(f"the chain that was made is broken: {verdict.broken}")
    tracemalloc.start()
    await chain.verify()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return verdict.count, seconds, most


async def measure(opened: Sequence[Database], many: int) -> bool:
    """Whether an entry costs what it did, and verifying no more memory than one slice."""
    begun = time.perf_counter()
    chains = [await made(one, size) for one, size in zip(opened, (FEW, many), strict=True)]
    print(f"{many:,} entries made in {time.perf_counter() - begun:.0f} s", flush=True)
    few, much = await appended(chains)
    print(f"an entry beside {FEW:,}: {few:.2f} ms, beside {many:,}: {much:.2f} ms (medians)")
    print(f"ratio {much / few:.2f} (goal at most {GOAL:g})", flush=True)
    count, seconds, most = await verified(chains[1])
    print(
        f"{count:,} entries verified in {seconds:.1f} s, {count / seconds:,.0f} a second, "
        f"{most / 1e6:.1f} MB at most"
    )
    for one in opened:
        await one.close()
    return much / few <= GOAL and most <= MOST_MEMORY


def of(data: Databases, folder: Path, name: str) -> Database:
    """A new one, in this version's schema."""
    (folder / name).mkdir()
    settings = Settings(data_dir=folder / name, database_url=data.new(name))
    migrated(settings)
    return database_of(settings)


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    ask_database(parser)
    asked = parser.parse_args()
    print(facts())
    with databases(asked.database) as data, tempfile.TemporaryDirectory() as folder:
        opened = [of(data, Path(folder), name) for name in ("few", "many")]
        met = asyncio.run(measure(opened, asked.entries))
    print("met" if met else "NOT met")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
