"""Each script that takes minutes runs for a moment and prints its figures; whether its goals are
met is for a quiet machine to say."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "win32",
    reason="servers are kept still with SIGSTOP, and PostgreSQL is embedded",
)
ROOT = Path(__file__).parents[2]
MOMENT = ("--rounds", "1", "--seconds", "0.3")


def said(script: str, *words: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{script}", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode in {0, 1}, run.stderr
    assert "Traceback" not in run.stderr, run.stderr
    return run.stdout


@pytest.mark.timeout(300)
def test_step_compares_on_postgresql() -> None:
    told = said("step", *MOMENT, "--database", "postgresql")

    assert "us PostgreSQL" in told
    for figure in ("menus and checks / bare", "calls with matters / bare", "/ SDK + ORM"):
        assert figure in told
    assert "goal at least 6, aim 8" in told


@pytest.mark.timeout(300)
def test_open_loop_loses_nothing() -> None:
    words = ("--rounds", "1", "--seconds", "0.5", "--warms", "0.5", "--rate", "60")
    told = said("open_loop", *words, "--connections", "20", "--serve", "checks", "calls")

    assert "goal 10 ms, and nothing lost; 0 lost" in told
    assert "calls: p99" in told


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="the slowed flush is preloaded, as on Linux")
def test_slow_disk_slows_each_flush() -> None:
    told = said("slow_disk", *MOMENT)

    flush = next(line for line in told.splitlines() if line.startswith("a flush takes"))
    usual, slowed = (float(word) for word in flush.split() if word.isdigit())
    assert slowed - usual > 500
    assert "goal at least 0.6" in told


@pytest.mark.timeout(300)
def test_growth_compares_calls_and_numbers() -> None:
    told = said("growth", *MOMENT, "--calls", "2000", "--numbers", "300")

    assert "2000 stored calls against 1000 on sqlite" in told
    assert "300 published numbers against one, on sqlite" in told


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("database", "faults"),
    [
        ("sqlite", "server killed: 3"),
        ("postgresql", "server killed: 1, both killed: 1, PostgreSQL killed: 1"),
    ],
)
def test_a_kill_loses_nothing(database: str, faults: str) -> None:
    told = said("crash", "--rounds", "3", "--seed", "11", "--database", database)

    assert "0 lost, 0 changed, 0 doubled, 0 without a case" in told
    assert ", 0 did not" in told
    assert faults in told
