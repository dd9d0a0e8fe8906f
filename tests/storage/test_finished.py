"""Ends of jobs that come together are one transaction, and none of them hangs on another."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from routing.ports import Job, JobKind
from storage.effects import enqueue
from storage.engine import Database
from storage.errors import StorageError
from storage.finished import Ends
from storage.outbox import StoredOutbox
from storage.tables.outbox import outbox
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, House, opened


@dataclass
class Gated:
    """A database whose writes wait at a gate; counts them, and `fails` those that it is told to, by
    their number."""

    real: Database
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fails: dict[int, Exception] = field(default_factory=dict)
    writes: int = 0

    async def brief(self, work: Callable[[Any], Any]) -> Any:
        self.writes += 1
        wrong = self.fails.get(self.writes)
        await self.gate.wait()

        def done(unit: Any) -> Any:
            written = work(unit)
            if wrong is not None:
                raise wrong
            return written

        return await self.real.brief(done)


async def claimed(house: House, many: int) -> list[Job]:
    async with house.database.unit_of_work() as unit:
        for n in range(many):
            await unit.execute(enqueue(JobKind.TELL_OFFICE, {"n": n}, f"job{n}", AT, None))
    return list(await StoredOutbox(house.database).claim(AT, many))


def end(job: Job, state: str = "done") -> dict[str, Any]:
    return {"job": job.id, "claimed": job.attempts, "state": state}


async def states(house: House) -> list[str]:
    async with house.database.reading() as connection:
        query = select(outbox.c.state).order_by(outbox.c.id)
        return list((await connection.execute(query)).scalars())


async def all_wait(ends: Ends, jobs: list[Job]) -> list[asyncio.Task[Sequence[str]]]:
    """The first writes, the others wait behind it."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(ends.write(end(job), ())) for job in jobs]
    await asyncio.sleep(0)
    return tasks


async def test_ends_that_wait_share_the_next_transaction(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        database = Gated(house.database)
        ends = Ends(database)  # type: ignore[arg-type]  # nothing else of it is used
        tasks = await all_wait(ends, await claimed(house, 6))
        database.gate.set()
        await asyncio.gather(*tasks)

        assert database.writes == 2
        assert await states(house) == ["done"] * 6


async def test_an_end_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    """The first alone, then three together, which fail, then each of them, of which one fails."""
    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        database = Gated(house.database, fails={2: ValueError("one"), 4: ValueError("this one")})
        ends = Ends(database)  # type: ignore[arg-type]  # as above
        tasks = await all_wait(ends, await claimed(house, 4))
        database.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)

        assert [type(one) for one in found] == [list, list, ValueError, list]
        assert await states(house) == ["done", "done", "ready", "done"]


async def test_a_database_that_is_gone_is_asked_once_for_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        database = Gated(house.database, fails=dict.fromkeys((1, 2), StorageError("gone")))
        ends = Ends(database)  # type: ignore[arg-type]  # as above
        tasks = await all_wait(ends, await claimed(house, 9))
        database.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)

        assert [type(one) for one in found] == [StorageError] * 9
        assert database.writes == 2
        assert await states(house) == ["ready"] * 9


async def test_one_who_is_cut_off_leaves_the_others_theirs(tmp_path: Path) -> None:
    """At the end of a server: whose job it was is told nothing, and nobody waits for ever."""
    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        database = Gated(house.database)
        ends = Ends(database)  # type: ignore[arg-type]  # as above
        first, second, *rest = await all_wait(ends, await claimed(house, 5))
        first.cancel()
        second.cancel()
        await asyncio.wait([first, second])
        database.gate.set()
        await asyncio.gather(*rest)

        assert first.cancelled()
        assert second.cancelled()
        assert await states(house) == ["ready", "ready", "done", "done", "done"]


async def test_only_the_latest_claim_ends_a_job_in_a_group_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        late, *others = await claimed(house, 4)
        later = AT + timedelta(days=1)
        (heir, *_) = await store.claim(later, 9)
        await asyncio.gather(*(store.done(job, later) for job in (late, heir)))

        assert (late.id, late.attempts, heir.attempts) == (heir.id, 1, 2)
        assert await states(house) == ["done", "ready", "ready", "ready"]
        await asyncio.gather(*(store.done(job, later) for job in others))
        assert await states(house) == ["done", "ready", "ready", "ready"], "claimed anew"


@pytest.mark.parametrize("many", [1, 200])
async def test_however_many_end_at_once_each_is_done(tmp_path: Path, many: int) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await asyncio.gather(*(store.done(job, AT) for job in await claimed(house, many)))

        assert await states(house) == ["done"] * many
