"""What is left of the rate where each flush to the disk takes a millisecond longer: the servers and
PostgreSQL run once as they are and once with fsync and fdatasync slowed by a preloaded library,
which the machine's C compiler makes. `python -m benchmarks.slow_disk [--database postgresql]`;
exits 1 where less than 0.6 is kept. Linux only."""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.caller import checks, matters
from benchmarks.databases import CALLER_CORE, Databases, Kind, ask_database, databases
from benchmarks.machine import facts, pin, usual
from benchmarks.rounds import CONNECTIONS, WARM, Line, answered, judged, measure, ratio
from benchmarks.servers import ROOT, Running, alone, running

GOAL: Final = 0.6
ADDED: Final = 1000
"""Microseconds that each flush takes longer."""
STRIDE: Final = 1_000_000
PRELOAD: Final = "LD_PRELOAD"
SOURCE: Final = r"""
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int flushed(long how, int file) {
    struct timespec longer = {0, 1000L * MICROSECONDS};
    long result = syscall(how, file);
    nanosleep(&longer, 0);
    return (int) result;
}

int fsync(int file) { return flushed(SYS_fsync, file); }
int fdatasync(int file) { return flushed(SYS_fdatasync, file); }
"""
FLUSH_TIME: Final = "from benchmarks.machine import fsync_time; print(fsync_time())"


def library(folder: Path, microseconds: int) -> Path:
    """The library, compiled. Ends the script with a sentence where that cannot be."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None or sys.platform != "linux":
        raise SystemExit("this wants Linux and a C compiler: apt-get install gcc, then again")
    source, made = folder / "flush.c", folder / "flush.so"
    source.write_text(SOURCE)
    words = [
        f"-DMICROSECONDS={microseconds}",
        "-O2",
        "-shared",
        "-fPIC",
        "-o",
        str(made),
        str(source),
    ]
    told = subprocess.run(  # noqa: S603 - the machine's own compiler
        [compiler, *words], capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise SystemExit(f"{compiler} does not compile it:\n{told.stderr}")
    folder.chmod(0o755)  # PostgreSQL runs as another user
    made.chmod(0o755)
    return made


@contextlib.contextmanager
def slowed(microseconds: int) -> Iterator[None]:
    """Whatever is started within the block flushes that much slower, as long as it runs."""
    with tempfile.TemporaryDirectory(prefix="zhitong-disk-") as folder:
        os.environ[PRELOAD] = str(library(Path(folder), microseconds))
        try:
            yield
        finally:
            del os.environ[PRELOAD]


def flush_time() -> float:
    """Microseconds of a flush by a program that is started now."""
    command = [sys.executable, "-c", FLUSH_TIME]
    told = subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=ROOT, env=usual(), capture_output=True, text=True, check=True
    )
    return float(told.stdout)


def lines() -> dict[str, tuple[Line, Line]]:
    """Each mix of calls on the disk as it is, and slowed."""
    return {
        "menus and checks": (Line("steps", checks), Line("steps", checks)),
        "calls": (Line("steps", matters), Line("steps", matters)),
    }


def rounds(
    compared: dict[str, tuple[Line, Line]],
    pairs: list[tuple[Running, Databases]],
    count: int,
    seconds: float,
) -> None:
    """Fast and slow in turn, after a round that warms up."""
    servers = {str(place): server for place, (server, _) in enumerate(pairs)}
    start = 0
    for number in range(count + 1):
        for name, both in compared.items():
            for line, (server, data), disk in zip(both, pairs, ("as it is", "slowed"), strict=True):
                with alone(server, servers):
                    seen = measure(
                        line, server, data, seconds if number else min(seconds, WARM), start
                    )
                start += STRIDE
                print(f"round {number}  {name:16} {disk:8} {seen}", flush=True)


def kept(kind: Kind, count: int, seconds: float) -> bool:
    """Run the rounds on one database; whether the goal is met."""
    compared = lines()
    with contextlib.ExitStack() as stack:
        fast = stack.enter_context(databases(kind))
        pairs = [(stack.enter_context(running("steps", fast.new("fast"))), fast)]
        usual_time = flush_time()
        with slowed(ADDED):
            slow = stack.enter_context(databases(kind))
            pairs.append((stack.enter_context(running("steps", slow.new("slow"))), slow))
            print(f"a flush takes {usual_time:.0f} us, slowed {flush_time():.0f} us")
        rounds(compared, pairs, count, seconds)
    print(
        f"{CONNECTIONS} connections, server on one core, {kind}; the part of the rate that is kept"
    )
    met = [
        judged(name, ratio(slow, fast).rate, GOAL, least=True)
        for name, (fast, slow) in compared.items()
    ]
    return answered(line for pair in compared.values() for line in pair) and all(met)


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    ask_database(parser)
    asked = parser.parse_args()
    pin(CALLER_CORE)
    print(facts())
    return 0 if kept(asked.database, asked.rounds, asked.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
