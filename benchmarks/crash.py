"""Kills at random under load, again and again, and looks what is left: the server with -9 and, on
PostgreSQL, in some rounds that, or both. Every answered step must be found byte for byte, every
recorded matter be exactly one case, and the calls go on.
`python -m benchmarks.crash --rounds 200 [--database postgresql]`; exits 1 if anything was lost or
doubled."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Final

from benchmarks.crash_calls import (
    CONNECTIONS,
    Seen,
    Tally,
    answered_again,
    compare,
    go_on,
    run_until,
)
from benchmarks.databases import Databases, Kind, ask_database, databases
from benchmarks.machine import facts
from benchmarks.servers import Place, Running, free_port, start

STRIDE: Final = 1_000_000
"""Calls of one round, at most."""
LONGEST: Final = 180.0
"""Seconds of one round."""
AWAY: Final = (0.05, 0.6)
"""Seconds that PostgreSQL stays away."""
AFTERWARDS: Final = 0.3
"""Seconds of load once it is back."""


class Fault(StrEnum):
    """What dies."""

    SERVER = "server killed"
    DATABASE = "PostgreSQL killed"
    RESTART = "PostgreSQL restarted"
    BOTH = "both killed"


WEIGHTS: Final = {Fault.SERVER: 5, Fault.DATABASE: 2, Fault.RESTART: 1, Fault.BOTH: 2}


class Trial:
    """Rounds on one place, so that the database grows as it would."""

    def __init__(self, place: Place, data: Databases, seed: int) -> None:
        self._place = place
        self._data = data
        self._luck = random.Random(seed)
        self._port = free_port()
        self._server: Running | None = None
        self._recorded: set[str] = set()
        self.tally = Tally()
        self.faults: Counter[Fault] = Counter()

    async def server(self) -> Running:
        """The one that runs, or a new one."""
        if self._server is None:
            self._server = await asyncio.to_thread(start, "ours", self._place, self._port)
        return self._server

    def kill_server(self) -> None:
        """With -9, as a power cut takes it."""
        if self._server is not None:
            self._server.process.kill()
            self._server.process.wait()
            self._server = None

    def _drawn(self) -> Fault:
        if self._data.postgres is None:
            return Fault.SERVER
        return self._luck.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

    async def round(self, number: int) -> None:
        """Load, kill, bring back, compare, go on."""
        fault, account = self._drawn(), (await self.server()).account
        seen, stop = Seen(), asyncio.Event()
        async with asyncio.timeout(LONGEST):
            async with asyncio.TaskGroup() as group:
                for place in range(CONNECTIONS):
                    first = number * STRIDE + place * (STRIDE // 2 // CONNECTIONS)
                    group.create_task(run_until(account, first, seen, stop, self.tally))
                await asyncio.sleep(self._luck.uniform(0.05, 0.6))
                struck = await self._strike(fault)
                stop.set()
            await self.server()
            await answered_again(account, number * STRIDE + STRIDE - 1)
            self.tally.slowest = max(self.tally.slowest, time.monotonic() - struck)
            await compare(account, seen, self.tally)
            await go_on(account, seen, self.tally)
        self._recorded |= seen.recorded
        self._count_cases(seen.recorded)
        self.tally.rounds += 1
        self.faults[fault] += 1

    async def _strike(self, fault: Fault) -> float:
        """Kill, and bring PostgreSQL back; when the last of it was done (monotonic)."""
        postgres = self._data.postgres
        if postgres is None or fault is Fault.SERVER:
            self.kill_server()
            return time.monotonic()
        await asyncio.to_thread(postgres.stop if fault is Fault.RESTART else postgres.kill)
        if fault is Fault.BOTH:
            self.kill_server()
        await asyncio.sleep(self._luck.uniform(*AWAY))
        await asyncio.to_thread(postgres.start)
        struck = time.monotonic()
        if fault is not Fault.BOTH:
            await asyncio.sleep(AFTERWARDS)
        return struck

    def _count_cases(self, recorded: set[str]) -> None:
        """Every recorded matter has exactly one case."""
        query = (
            "SELECT r.sid, count(DISTINCT c.reference) FROM recordings r"
            " LEFT JOIN cases c ON c.call_id = r.call_id AND c.turn = r.turn GROUP BY r.sid"
        )
        cases = {sid: int(count) for sid, count in self._data.ask(self._place, query)}
        missing = [sid for sid in recorded if cases.get(sid, 0) == 0]
        if missing:
            print(f"without a case: {', '.join(missing)}")
        self.tally.without_case += len(missing)
        self.tally.doubled += sum(cases.get(sid, 0) > 1 for sid in recorded)

    async def afterwards(self) -> None:
        """What the plan has taken meanwhile becomes cases, and none is another's second."""
        await self.server()
        until = time.monotonic() + LONGEST
        spool = self._place.folder / "spool"
        while any(path.stat().st_size for path in spool.glob("*.jsonl")):
            if time.monotonic() > until:
                raise SystemExit(f"the spool still holds messages after {LONGEST:.0f} s")
            await asyncio.sleep(0.5)
        self._count_cases(self._recorded)


async def run(kind: Kind, rounds: int, seed: int) -> Trial:
    """All rounds."""
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="zhitong-crash-") as folder,
        databases(kind, core=None) as data,
    ):
        trial = Trial(Place(Path(folder), data.new("crash"), core=None), data, seed)
        try:
            for number in range(1, rounds + 1):
                await trial.round(number)
                if number % 10 == 0 or number == rounds:
                    took = time.monotonic() - begun
                    print(f"round {number}: {trial.tally}  {took:.0f} s", flush=True)
            await trial.afterwards()
        finally:
            trial.kill_server()
    return trial


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    ask_database(parser)
    asked = parser.parse_args()
    print(facts())
    trial = asyncio.run(run(asked.database, asked.rounds, asked.seed))
    tally = trial.tally
    print(", ".join(f"{fault}: {count}" for fault, count in trial.faults.items()))
    print(
        f"{tally.rounds} rounds, {tally.steps} answered steps, {tally.matters} recorded matters: "
        f"{tally.lost} lost, {tally.changed} changed, {tally.doubled} doubled, "
        f"{tally.without_case} without a case; {tally.went_on} calls went on, {tally.stuck} did not"
    )
    print(f"{tally.by_plan} webhooks were answered by the plan, and by a step when they came again")
    print(f"the next step is answered at most {tally.slowest:.1f} s after the kill")
    return 1 if tally.bad or not tally.matters else 0


if __name__ == "__main__":
    sys.exit(main())
