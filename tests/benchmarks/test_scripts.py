"""Scripts that take minutes run for a moment and print their figures, or say what they measure;
whether goals are met is for a quiet machine to say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import PIPE, begin

pytestmark = pytest.mark.skipif(
    sys.platform == "win32",
    reason="servers are kept still with SIGSTOP, and PostgreSQL is embedded",
)
ROOT = Path(__file__).parents[2]
SCRIPTS = ("crash", "growth", "office_told", "publishing", "routing", "slow_disk", "step", "words")
"""Those that take too long, or too quiet a machine, to be run here."""


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
def test_open_loop_loses_nothing() -> None:
    words = ("--rounds", "1", "--seconds", "0.5", "--warms", "0.5", "--rate", "60")
    told = said("open_loop", *words, "--connections", "20", "--serve", "checks", "calls")

    assert "goal 10 ms, and nothing lost; 0 lost" in told
    assert "calls: p99" in told


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_script_says_what_it_measures(script: str) -> None:
    words, streams = ("-m", f"benchmarks.{script}", "--help"), {"stdout": PIPE, "stderr": PIPE}
    run = await begin(*words, cwd=ROOT, env=os.environ, **streams)
    told, complained = await run.communicate()
    assert run.returncode == 0, complained
    assert f"benchmarks.{script}".encode() in (told or b"")
