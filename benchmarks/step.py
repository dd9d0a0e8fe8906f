"""A durable, signed step against bare aiohttp and against a step of SDK and ORM, in interleaved
rounds of one run: the real script, routing, journal row and stored reply, SQLite FULL.
`python -m benchmarks.step`; exits 1 where a goal is missed (performance §4)."""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.caller import fast_loop, load
from benchmarks.servers import Running, running

GOAL_BARE, AIM_BARE = 0.20, 0.25
GOAL_ORM, AIM_ORM = 6.0, 8.0
CONNECTIONS: Final = 32
MATTERS: Final = 0
"""Every fourth call states a matter; the others check numbers."""
CALLER_CORE: Final = 1


def rate(server: Running, seconds: float, start: int) -> tuple[float, float]:
    """Steps a second, and the server's CPU microseconds a step."""
    before, cpu = time.monotonic(), cpu_of(server)
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        counts = runner.run(
            load(
                server.account,
                connections=CONNECTIONS,
                seconds=seconds,
                start=start,
                matters=MATTERS,
            )
        )
    if counts.failed:
        raise SystemExit(f"{counts.failed} webhooks were not answered; see the server's log")
    took = time.monotonic() - before
    return counts.steps / took, (cpu_of(server) - cpu) / counts.steps * 1e6


def cpu_of(server: Running) -> float:
    """CPU seconds of a process so far, all threads; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def fsync_time() -> float:
    """The median microseconds of writing 4 kB and flushing them to this disk."""
    with tempfile.NamedTemporaryFile() as file:
        times = []
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e6


def main() -> int:
    """Run the rounds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {CALLER_CORE})
    rates: dict[str, list[float]] = {"bare": [], "ours": [], "sdk-orm": []}
    with contextlib.ExitStack() as stack:
        servers = {kind: stack.enter_context(running(kind)) for kind in rates}
        start = 0
        for number in range(asked.rounds + 1):
            for kind, server in servers.items():
                seconds = asked.seconds if number else 1.0
                found, cpu = rate(server, seconds, start)
                start += 1_000_000
                if number:  # the first round only warms up
                    rates[kind].append(found)
                    print(f"round {number}  {kind:8} {found:8.0f} steps/s  {cpu:6.0f} us CPU")
    return verdict(rates)


def verdict(rates: dict[str, list[float]]) -> int:
    """Ratios of the same round, their medians, and whether the goals are met."""
    of_bare = statistics.median(a / b for a, b in zip(rates["ours"], rates["bare"], strict=True))
    of_orm = statistics.median(a / b for a, b in zip(rates["ours"], rates["sdk-orm"], strict=True))
    print(f"fsync {fsync_time():.0f} us; {CONNECTIONS} connections, one core, SQLite FULL")
    print(f"ours / bare aiohttp   {of_bare:.3f}   goal {GOAL_BARE}, aim {AIM_BARE}")
    print(f"ours / SDK + ORM      {of_orm:.1f}     goal {GOAL_ORM:g}, aim {AIM_ORM:g}")
    return 0 if of_bare >= GOAL_BARE and of_orm >= GOAL_ORM else 1


if __name__ == "__main__":
    sys.exit(main())
