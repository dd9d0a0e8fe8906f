"""What a figure was measured on, and by what a process is measured: printed beside every ratio,
since absolute figures of a shared machine say little."""

import contextlib
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import aiohttp
import psutil


def usual() -> dict[str, str]:
    """The environment, with byte code kept as it usually is."""
    kept = dict(os.environ)
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def pin(core: int) -> None:
    """Keep this process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far, all threads; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def cpu_with_children(processes: Sequence[psutil.Process]) -> float:
    """CPU seconds of a process (the first) and of its children, also of those that have ended."""
    seconds = 0.0
    for place, one in enumerate(processes):
        with contextlib.suppress(psutil.Error):  # ended meanwhile: its parent has its time
            times = one.cpu_times()
            seconds += times.user + times.system
            seconds += times.children_user + times.children_system if place == 0 else 0.0
    return seconds


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


def facts() -> str:
    """One line: processor, versions, how busy the machine is with other things, its disk."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, IndexError):
        info = Path("/proc/cpuinfo").read_text()
        model = info.split("model name", 1)[1].split("\n", 1)[0].strip(" \t:")
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores of {model}{load}; CPython {platform.python_version()}, "
        f"aiohttp {aiohttp.__version__}, SQLAlchemy {version('sqlalchemy')}, "
        f"SQLite {sqlite3.sqlite_version}, fsync {fsync_time():.0f} us"
    )
