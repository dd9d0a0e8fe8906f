"""A duty that one replica at a time has."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.leases import NOW, StoredLeases
from storage.tables.ledger import leases
from tests.storage.stepping import House, opened


async def pass_(house: House, seconds: int) -> None:
    """As if the database's clock had gone on."""
    async with house.database.unit_of_work() as unit:
        await unit.execute(update(leases).values(until=leases.c.until - seconds))


async def test_the_duty_is_one_holders_until_its_time_has_passed(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredLeases(house.database)
        assert await store.take("sweep", "a", 60)
        assert await store.take("sweep", "a", 60)
        assert not await store.take("sweep", "b", 60)
        assert await store.take("another", "b", 60)

        await pass_(house, 55)
        assert not await store.take("sweep", "b", 60)
        await pass_(house, 10)
        assert await store.take("sweep", "b", 60)
        assert not await store.take("sweep", "a", 60)


async def test_who_keeps_the_duty_keeps_it_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredLeases(house.database)
        await store.take("sweep", "a", 60)
        await pass_(house, 55)
        assert await store.take("sweep", "a", 60)
        await pass_(house, 55)

        assert not await store.take("sweep", "b", 60)


@pytest.mark.parametrize("many", [8])
async def test_of_many_who_ask_at_once_one_has_it(tmp_path: Path, many: int) -> None:
    async with opened(tmp_path) as house:
        store = StoredLeases(house.database)

        taken = await asyncio.gather(*(store.take("sweep", f"{n}", 60) for n in range(many)))

        assert sorted(taken) == [False] * (many - 1) + [True]


async def test_the_clock_is_the_databases(tmp_path: Path) -> None:
    """Whole seconds since 1970, which no server's own clock has a part in."""
    async with opened(tmp_path) as house:
        await StoredLeases(house.database).take("sweep", "a", 60)

        left = await house.scalar(leases.select().with_only_columns(leases.c.until - NOW))

        assert 58 <= left <= 60
