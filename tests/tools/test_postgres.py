"""The trial PostgreSQL leaves nothing behind, however its tool ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from tests.deadline import DEADLINE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize(
    ("how", "ends"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_it_ends_with_the_tool(how: signal.Signals, ends: int) -> None:
    """A killed one, too, as a run of tests that is cut off: only somebody else can see to that."""
    tool = subprocess.Popen(
        [sys.executable, "-m", "tools.postgres"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert tool.stdout is not None
    try:
        url = tool.stdout.readline().strip().partition("=")[2]
        folder = Path(parse_qs(urlsplit(url).query)["host"][0])
        began = int((folder / "data/postmaster.pid").read_text().splitlines()[0])
        server = psutil.Process(began)
        os.kill(tool.pid, how)
        code = tool.wait(DEADLINE)
    finally:
        tool.kill()
        tool.stdout.close()
    try:
        assert code == ends
        if how is signal.SIGKILL:
            until_gone(folder)
        assert (server.is_running(), folder.exists()) == (False, False)
    finally:
        if server.is_running():
            server.kill()


def until_gone(folder: Path) -> None:
    """Wait for whoever clears up after a killed one."""
    until = time.monotonic() + DEADLINE
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.05)
