"""Two servers on one PostgreSQL, each taking every other webhook of a call: one is killed with -9
at each of the journal's kill points, and the caller notices nothing."""

import signal
import sys
from pathlib import Path

import pytest

from storage.steps import KillPoint
from tests.cluster import PATIENT, cluster
from tests.whole_call import hang_up, one_whole_case, press, recorded, until_recorded
from tools.postgres import Postgres

VICTIM = (
    PATIENT
    + """
import os, signal, sys
import server
from storage.journal import StoredJournal

point, left = sys.argv[1], int(sys.argv[2])
begin = StoredJournal.start

def hook(reached):
    global left
    left -= reached == point
    if reached == point and left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

async def start(self):
    self._hook = self._rows._hook = hook
    await begin(self)

StoredJournal.start = start
sys.exit(server.main(["run"]))
"""
)

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]


@pytest.mark.parametrize("point", list(KillPoint))
async def test_kill_9_at_the_journals_kill_points(
    tmp_path: Path, postgres: Postgres, point: KillPoint
) -> None:
    """The other one takes the first turn and the third, which is recorded; it dies in the third."""
    victim = ("-c", VICTIM, point.value, "2")
    async with cluster(tmp_path, postgres, victim, None) as both:
        call, pressed = await until_recorded(both)

        registered = await recorded(both, call)

        assert await both.replicas[0].ended() == -signal.SIGKILL
        assert "<Dial" in registered.text
        assert [passed.server for passed in both.proxy.passed] == [
            both.replicas[place].url for place in (1, 0, 1, 1)
        ]
        assert await recorded(both, call) == registered
        assert await press(both, call, 1, "9") == pressed[0]
        await hang_up(both, call)

        await one_whole_case(both)
