"""Two servers on one PostgreSQL, each taking every other webhook of a call: one is killed with -9
at each of the journal's kill points, and the caller notices nothing."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from storage.steps import KillPoint
from tests.cluster import Cluster, cluster
from tests.ivr.carrier.signed import CALLER, LINE, Answer
from tests.ivr.desk import call_of
from tools.postgres import Postgres

CALL = "CA" + "1" * 32
RECORDING = "RE" + "1" * 32
VICTIM = """
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

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]


@pytest.mark.parametrize("point", list(KillPoint))
async def test_kill_9_at_the_journals_kill_points(
    tmp_path: Path, postgres: Postgres, point: KillPoint
) -> None:
    """The other one takes the first turn and the third, which is recorded; it dies in the third."""
    victim = ("-c", VICTIM, point.value, "2")
    async with cluster(tmp_path, postgres, victim, None) as both:
        line = both.line
        first = await line.spoken("/voice/answer", CALL, From=CALLER, To=LINE)
        call = call_of(first.body)
        pressed = [await press(both, call, turn, key) for turn, key in ((1, "2"), (2, "1"))]
        assert "<Record" in pressed[1].text

        registered = await line.spoken(f"/voice/{call}/turn/3", CALL, **line.recording(RECORDING))

        assert await both.replicas[0].ended() == -signal.SIGKILL
        assert "<Dial" in registered.text
        assert [passed.server for passed in both.proxy.passed] == [
            both.replicas[place].url for place in (1, 0, 1, 1)
        ]
        assert await line.spoken(f"/voice/{call}/turn/3", CALL, **line.recording(RECORDING)) == (
            registered
        )
        assert await press(both, call, 1, "9") == pressed[0]
        unanswered = {"DialCallStatus": "no-answer", "DialCallSid": "CA" + "2" * 32}
        await line.spoken(f"/voice/{call}/turn/4", CALL, **unanswered)
        await line.post("/voice/status", CALL, CallStatus="completed", CallDuration="60")

        await one_whole_case(both)


async def press(both: Cluster, call: str, turn: int, key: str) -> Answer:
    return await both.line.spoken(f"/voice/{call}/turn/{turn}", CALL, Digits=key)


async def one_whole_case(both: Cluster) -> None:
    """With its sound, and its office has been told; nothing that is due waits, and nothing was
    given up."""
    due = "state IN ('ready', 'sending') AND enqueued <= now() AT TIME ZONE 'utc'"
    await both.until(f"SELECT count(*) FROM outbox WHERE {due}", "0")  # noqa: S608 - ours
    found = await asyncio.gather(
        *(
            asyncio.to_thread(both.ask, f"SELECT count(*) FROM {what}")  # noqa: S608 - ours
            for what in (
                "cases",
                "recordings WHERE reference IS NOT NULL AND audio = 'kept'",
                "mails",
                "sounds",
                "steps",
                "outbox WHERE state = 'dead'",
            )
        )
    )
    assert found == ["1", "1", "1", "1", "5", "0"]
