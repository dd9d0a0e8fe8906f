"""The trial PostgreSQL leaves nothing behind, however it is told to end."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from tests.deadline import DEADLINE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_the_tool(how: signal.Signals) -> None:
    tool = subprocess.Popen(
        [sys.executable, "tools/postgres.py"], cwd=ROOT, stdout=subprocess.PIPE, text=True
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
        assert (code, server.is_running(), folder.exists()) == (0, False, False)
    finally:
        if server.is_running():
            server.kill()
