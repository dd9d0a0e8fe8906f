"""Programs that tests begin end with the run of tests, also where that is killed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import psutil
import pytest

from tests.deadline import DEADLINE

ROOT: Final = Path(__file__).parents[1]
RUN: Final = """
import asyncio, os
from pathlib import Path
from tests.programs import begin

STAYS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"

async def main():
    await begin("-c", STAYS, cwd=Path.cwd(), env=os.environ)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each is begun by itself")
def test_what_a_killed_run_began_ends_with_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        program = psutil.Process(int(run.stdout.readline()))
        run.kill()
    try:
        program.wait(DEADLINE)
    finally:
        if program.is_running():
            program.kill()
