"""What is restarted under the load of many calls: PostgreSQL, and one server after the other. Each
step that was answered is kept, each caller hears a document in time, each matter becomes a case."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import asyncpg
import pytest

from tests.cluster import Cluster, cluster
from tests.ivr.carrier.signed import LINE, Answer
from tools.postgres import Postgres

CALLERS: Final = 3
A_WHILE: Final = 6
"""Calls that are begun before and after something is restarted."""

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="replicas want a PostgreSQL"),
]


@dataclass
class Seen:
    """What callers were told: each step's answer by its address and form, and the recordings that
    they were told are kept."""

    both: Cluster
    steps: list[tuple[str, str, dict[str, str], Answer]] = field(default_factory=list)
    recorded: set[str] = field(default_factory=set)
    plan: int = 0
    begun: int = 0
    ended: bool = False
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def call(self) -> None:
        """One call to its end: a matter, or where the plan answers, a message."""
        self.begun += 1
        sid = f"CA{self.begun:032}"
        answer = await self.hear("/voice/answer", sid)
        for form in ({"Digits": "2"}, {"Digits": "1"}, {}, {"DialCallStatus": "no-answer"}):
            path = self.both.line.next_of(answer)
            if path is None:
                break
            recording = "<Record" in answer.text
            fields = self.both.line.recording(f"RE{sid[2:]}") if recording else form
            answer = await self.hear(path, sid, **fields)
        await self.both.line.post("/voice/status", sid, CallStatus="completed", CallDuration="9")
        async with self._more:
            self._more.notify_all()

    async def hear(self, path: str, sid: str, **fields: str) -> Answer:
        answer = await self.both.line.spoken(path, sid, **who(sid), **fields)
        goes_on = self.both.line.next_of(answer) or ""
        if "/fallback/" in path + goes_on or "<Hangup" in answer.text:
            self.plan += 1
        else:
            self.steps.append((path, sid, fields, answer))
        if "RecordingSid" in fields:
            self.recorded.add(fields["RecordingSid"])
        return answer

    async def forever(self) -> None:
        while not self.ended:
            await self.call()

    async def more(self) -> None:
        """Until a while has passed, counted in calls."""
        until = self.begun + A_WHILE
        async with self._more:
            await self._more.wait_for(lambda: self.begun >= until)


def who(sid: str) -> dict[str, str]:
    """Every call is another caller's."""
    return {"From": f"+86139{sid[-8:]}", "To": LINE}


@asynccontextmanager
async def load(both: Cluster) -> AsyncIterator[Seen]:
    """Callers ring at once, over and over; at the end each has ended the call that was going on."""
    seen = Seen(both)
    async with asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(seen.forever())
        await seen.more()
        yield seen
        await seen.more()
        seen.ended = True


async def nothing_is_lost(both: Cluster, seen: Seen) -> None:
    """Every answered step is told again byte for byte; every recording is in exactly one case."""

    async def again(at: int) -> None:
        for path, sid, fields, answer in seen.steps[at::CALLERS]:
            told = await both.line.post(path, sid, **who(sid), **fields)
            assert told == answer, (path, urlencode(fields))

    await asyncio.gather(*map(again, range(CALLERS)))
    of_case = "SELECT count(DISTINCT sid) FROM recordings WHERE reference IS NOT NULL"
    await both.until(of_case, str(len(seen.recorded)))
    cases = await asyncio.to_thread(both.ask, "SELECT count(*) FROM cases")
    assert int(cases) == len(seen.recorded)


async def test_postgresql_is_restarted_under_load(tmp_path: Path, postgres: Postgres) -> None:
    async with cluster(tmp_path, postgres, None, None) as both:
        async with load(both) as seen:
            for end in (postgres.stop, postgres.kill):
                await asyncio.to_thread(end)
                await seen.more()
                assert seen.plan > 0
                await asyncio.to_thread(postgres.start)
                await seen.more()
        await nothing_is_lost(both, seen)


async def test_one_server_after_the_other_is_restarted_under_load(
    tmp_path: Path, postgres: Postgres
) -> None:
    """What is under way is finished, and nobody hears the plan."""
    async with cluster(tmp_path, postgres, None, None) as both:
        async with load(both) as seen:
            for replica in both.replicas:
                assert await replica.end(signal.SIGTERM) == 0
                await seen.more()
                await replica.start()
                await replica.ready()
                await seen.more()
        assert seen.plan == 0
        await nothing_is_lost(both, seen)
    for replica in both.replicas:
        assert "voice.failed" not in replica.log.read_text()


async def test_a_step_under_way_is_finished_before_the_server_ends(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with cluster(tmp_path, postgres, None) as alone, asyncio.TaskGroup() as group:
        (replica,) = alone.replicas
        holder = await asyncpg.connect(postgres.url(alone.database))
        hold = holder.transaction()
        await hold.start()
        await holder.execute("LOCK TABLE steps IN EXCLUSIVE MODE")
        sid = f"CA{1:032}"
        step = group.create_task(alone.line.spoken("/voice/answer", sid, **who(sid)))
        await alone.until(WAITING, "1")

        replica.tell(signal.SIGTERM)
        await replica.is_leaving()
        await hold.rollback()
        await holder.close()

        assert alone.line.next_of(await step) is not None
        assert await replica.ended() == 0
        assert await asyncio.to_thread(alone.ask, "SELECT count(*) FROM steps") == "1"
        assert alone.proxy.broken == []


WAITING: Final = """
    SELECT count(*) FROM pg_locks
    WHERE mode = 'RowExclusiveLock' AND locktype = 'relation' AND NOT granted
"""
"""Who wants to write into a table that is held."""
