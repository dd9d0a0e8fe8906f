"""Replicas say that they live: the work of a killed one is taken up, that of a live one never."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

import storage.postgres.signals
import storage.presence
from routing.ports import Job, JobKind
from storage.effects import enqueue
from storage.handing import LEASE
from storage.leases import REPLICA
from storage.outbox import IN_DOUBT, StoredOutbox
from storage.postgres.signals import PostgresSignals
from storage.presence import Presence
from storage.tables.ledger import leases
from tests.databases import CHOSEN
from tests.deadline import DEADLINE
from tests.storage.postgres.test_database import replica
from tests.storage.stepping import AT, House, StoppedAt, opened

pytestmark = pytest.mark.postgres


@dataclass
class Hands:
    """Work in hand that ends when it is told to."""

    cut_off: asyncio.Event = field(default_factory=asyncio.Event)

    def let_go(self) -> None:
        self.cut_off.set()

    async def stop(self) -> None:
        self.let_go()


@dataclass(frozen=True)
class Replica:
    """One of two servers on the database."""

    house: House
    outbox: StoredOutbox
    hands: Hands
    presence: Presence

    async def claim(self) -> list[Job]:
        return list(await self.outbox.claim(AT, 99))


async def begun(house: House) -> Replica:
    outbox, hands = StoredOutbox(house.database), Hands()
    made = Replica(house, outbox, hands, Presence(house.database, outbox, StoppedAt(), hands))
    await made.presence.begin()
    hands.cut_off.clear()
    return made


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[tuple[Replica, Replica]]:
    """Both live; one job waits."""
    async with opened(folder) as one, replica(folder) as other, asyncio.timeout(DEADLINE):
        async with one.database.unit_of_work() as unit:
            await unit.execute(enqueue(JobKind.SETTLE, {"call": "a"}, "settle:a", AT, None))
        yield await begun(one), await begun(other)


async def silent(dead: Replica) -> None:
    """It has said nothing for longer than it may."""
    name = f"{REPLICA}{dead.house.database.replica}"
    async with dead.house.database.unit_of_work() as unit:
        done = await unit.execute(update(leases).where(leases.c.name == name).values(until=1))
    assert done.rowcount == 1


async def test_the_work_of_a_killed_replica_is_taken_up(tmp_path: Path) -> None:
    async with two(tmp_path) as (one, other):
        (job,) = await one.claim()
        await other.presence.beat()
        assert await other.claim() == []
        await silent(one)
        await other.presence.beat()
        (again,) = await other.claim()
        assert (again.id, again.attempts) == (job.id, 2)


async def test_what_a_killed_replica_may_have_sent_waits_until_the_far_side_can_tell(
    tmp_path: Path,
) -> None:
    async with two(tmp_path) as (one, other):
        (job,) = await one.claim()
        await one.outbox.sending(job)
        await silent(one)
        await other.presence.beat()
        assert await other.claim() == []
        assert len(await other.outbox.claim(AT + IN_DOUBT, 1)) == 1


async def test_the_work_of_a_suspended_replica_is_its_own(tmp_path: Path) -> None:
    """It says nothing, and holds its connection: it may go on with its work at any moment."""
    async with two(tmp_path) as (one, other), asyncio.TaskGroup() as group:
        ears = group.create_task(one.house.database.signals.listen())
        await held(one)
        await one.claim()
        await silent(one)
        await other.presence.beat()
        assert await other.claim() == []
        ears.cancel()
        await asyncio.wait([ears])
        while not await other.claim():
            await other.presence.beat()


async def test_a_lock_that_an_earlier_connection_holds_is_taken_once_that_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the replica would pass for dead at its first long pause."""
    monkeypatch.setattr(storage.postgres.signals, "UNSEEN", 0.01)
    async with two(tmp_path) as (one, _), asyncio.TaskGroup() as group:
        signals = one.house.database.signals
        earlier = group.create_task(signals.listen())
        await held(one)
        tried = asyncio.Event()
        seen = PostgresSignals._is_seen

        async def trying(ours: PostgresSignals, connection: Any) -> bool:
            is_held = await seen(ours, connection)
            assert tried.is_set() or not is_held
            tried.set()
            return is_held

        monkeypatch.setattr(PostgresSignals, "_is_seen", trying)
        later = group.create_task(signals.listen())
        async with asyncio.timeout(DEADLINE):
            await tried.wait()
            earlier.cancel()
            await asyncio.wait([earlier])
            await held(one)
        later.cancel()


async def held(one: Replica) -> None:
    """Until PostgreSQL shows its lock."""
    server = CHOSEN.server
    assert server is not None
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {}"
    mine = (one.house.database.replica or 0) & 0xFFFFFFFF
    while await asyncio.to_thread(server.run, locks.format(mine)) != "1":
        await asyncio.sleep(0.01)


async def test_a_clock_that_is_ahead_takes_no_work_of_a_live_replica(tmp_path: Path) -> None:
    async with two(tmp_path) as (one, other):
        assert len(await one.claim()) == 1
        ahead = AT + 2 * LEASE
        assert await other.outbox.claim(ahead, 99) == []
        await silent(one)
        assert len(await other.outbox.claim(ahead, 99)) == 1


async def test_work_is_let_go_before_others_may_take_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two(tmp_path) as (one, other):
        assert len(await one.claim()) == 1
        monkeypatch.setattr(storage.presence, "SURE", 0.05)
        await one.presence.beat()
        await one.hands.cut_off.wait()
        assert await one.claim() == []
        await other.presence.beat()
        assert await other.claim() == [], "its lease has not ended"
        monkeypatch.undo()
        await one.presence.beat()
        assert len(await one.claim()) == 1, "heard again, it takes up what it let go"


async def test_an_orderly_end_leaves_the_work_to_the_others(tmp_path: Path) -> None:
    async with two(tmp_path) as (one, other):
        assert len(await one.claim()) == 1
        await one.presence.end()
        assert one.hands.cut_off.is_set()
        assert await one.claim() == []
        assert len(await other.claim()) == 1
        assert await one.house.scalar(select(func.count()).select_from(leases)) == 1


async def test_a_server_alone_takes_up_its_own(tmp_path: Path) -> None:
    """One that was killed before, under another number: also where it kept no lease."""
    async with opened(tmp_path) as one, replica(tmp_path) as other:
        async with one.database.unit_of_work() as unit:
            await unit.execute(enqueue(JobKind.SETTLE, {"call": "a"}, "settle:a", AT, None))
        assert len(await StoredOutbox(one.database).claim(AT, 1)) == 1
        later = await begun(other)
        assert len(await later.claim()) == 1
