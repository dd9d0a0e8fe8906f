"""A start that ends before `main`: with another Python, without packages, or by Ctrl-C."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deployment import uncaught
from tests.deadline import DEADLINE

ROOT = Path(__file__).parents[2]
SLOW = "import time; print('here', flush=True); time.sleep(600)"


def test_a_python_without_the_packages() -> None:
    bare = (sys.executable, "-S", "server.py")  # -S: nothing that was installed
    ended = subprocess.run(
        bare, cwd=ROOT, capture_output=True, text=True, check=False, timeout=DEADLINE
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("server.py: ")
    assert ended.stderr.endswith(
        "is not installed for this Python: start with `uv run server.py`\n"
    )
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("python", "error", "says"),
    [
        ((3, 9), ModuleNotFoundError("no", name="aiohttp"), "this is Python 3.9, and 3.11"),
        ((3, 10), ImportError("cannot import name 'UTC'", name="datetime"), "this is Python 3.10"),
        ((3, 11), ModuleNotFoundError("no", name="aiohttp.web"), "aiohttp is not installed"),
    ],
)
def test_what_to_do_is_said(python: tuple[int, ...], error: Exception, says: str) -> None:
    assert says in str(uncaught.sentence(error, python))


@pytest.mark.parametrize(
    "error", [ValueError("a fault of ours"), ModuleNotFoundError("no", name="ivr.flow.nothing")]
)
def test_a_fault_of_ours_keeps_its_traceback(error: Exception) -> None:
    assert uncaught.sentence(error, (3, 11)) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal there")
def test_ctrl_c_while_modules_are_read() -> None:
    program = f"from deployment import uncaught; {SLOW}"
    with subprocess.Popen(
        (sys.executable, "-c", program),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "here\n"
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=DEADLINE)

    assert said == ""
    assert started.returncode == -signal.SIGINT
