"""Drains with kinds of their own share one outbox: each claims its own, all are woken, and work
that hangs in one holds up nothing of another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from routing.handoff import MOST_AT_ONCE, Drains, Handler, Handoff
from routing.ports import Job, JobKind
from storage.effects import enqueue
from storage.lanes import Lane, lanes
from storage.outbox import STRANGE_FOR, StoredOutbox
from storage.tables.outbox import outbox
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, House, opened

SECOND = timedelta(seconds=1)
MORE = 100
MAILS = frozenset({JobKind.TELL_OFFICE, JobKind.TELL_WORDS})


class StoppedClock:
    """The time of all these jobs."""

    def now(self) -> datetime:
        return AT


async def add(house: House, *jobs: tuple[JobKind, str]) -> None:
    async with house.database.unit_of_work() as unit:
        for kind, name in jobs:
            await unit.execute(enqueue(kind, {}, name, AT, None))


async def keys(lane: Lane, at: datetime = AT) -> list[str | None]:
    return [job.key for job in await lane.claim(at, MORE)]


async def test_each_claims_its_own_kinds(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        mails, others = lanes(StoredOutbox(house.database), MAILS)
        await add(
            house,
            (JobKind.FETCH_RECORDING, "sound"),
            (JobKind.TELL_OFFICE, "case"),
            (JobKind.SMS, "text"),
            (JobKind.TELL_WORDS, "words"),
        )

        assert await keys(mails) == ["case", "words"]
        assert await keys(mails) == []
        assert await keys(others) == ["sound", "text"]


async def test_what_nobody_knows_is_the_others_once_it_is_nobodys(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        mails, others = lanes(StoredOutbox(house.database), MAILS)
        await add(house, (JobKind.SMS, "newer"))
        async with house.database.unit_of_work() as unit:
            await unit.execute(update(outbox).values(kind="fax"))

        assert await keys(others, AT + STRANGE_FOR - SECOND) == []
        assert await keys(mails, AT + STRANGE_FOR) == []
        assert await keys(others, AT + STRANGE_FOR) == ["newer"]


async def test_one_who_is_not_sure_to_live_claims_in_no_lane(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        whole = StoredOutbox(house.database)
        await add(house, (JobKind.TELL_OFFICE, "case"), (JobKind.SMS, "text"))
        whole.sure = False

        assert [await keys(lane) for lane in lanes(whole, MAILS)] == [[], []]


async def test_a_commit_wakes_both(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        for lane in lanes(StoredOutbox(house.database), MAILS):
            group.create_task(lane.wait(2 * DEADLINE))
        await asyncio.sleep(0)
        house.database.woken.set()


@contextlib.asynccontextmanager
async def at_work(drains: Drains) -> AsyncIterator[None]:
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.run()) for one in drains.each]
        yield
        for task in tasks:
            task.cancel()


async def test_a_carrier_that_hangs_keeps_no_mail_waiting(tmp_path: Path) -> None:
    hangs, told = asyncio.Event(), asyncio.Event()
    fetching = 0

    async def fetch(_: Job) -> None:
        nonlocal fetching
        fetching += 1
        await hangs.wait()

    async def tell(_: Job) -> None:
        told.set()

    async with opened(tmp_path) as house:
        work: dict[str, Handler] = {JobKind.FETCH_RECORDING: fetch, JobKind.TELL_OFFICE: tell}
        drains = Drains(
            [
                Handoff(lane, work, StoppedClock(), lambda *_: None)
                for lane in lanes(StoredOutbox(house.database), MAILS)
            ]
        )
        async with at_work(drains):
            await add(house, *((JobKind.FETCH_RECORDING, f"{n}") for n in range(2 * MOST_AT_ONCE)))
            house.database.woken.set()
            while fetching < MOST_AT_ONCE:
                await asyncio.sleep(0)
            await add(house, (JobKind.TELL_OFFICE, "case"))
            house.database.woken.set()
            await told.wait()
            assert not hangs.is_set()
            drains.let_go()
            await drains.stop()
