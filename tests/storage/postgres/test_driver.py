"""The driver's own connections: each is closed in the end, whatever it is asked meanwhile."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from storage.postgres.database import driver_of
from storage.postgres.driver import ASYNCPG, Line, Lines, driver_options
from tests.databases import url_of
from tests.deadline import DEADLINE

ASKED = "SELECT count(*) FROM pg_stat_activity WHERE query = $1"

pytestmark = pytest.mark.postgres


async def lines(folder: Path) -> Lines:
    address = driver_of(await url_of(folder / "house.db")).set(drivername=ASYNCPG)
    return Lines(driver_options(address, pooled=False, seconds=DEADLINE))


async def test_a_look_that_goes_on_while_all_is_closed_leaves_no_connection(
    tmp_path: Path,
) -> None:
    theirs, ours = await lines(tmp_path), await lines(tmp_path)
    query = "SELECT pg_sleep(0.3) AS slowly"

    async def asking() -> int:
        return int((await theirs.fetch(ASKED, [query]))[0]["count"])

    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        look = group.create_task(ours.fetch(query, []))
        while not await asking():
            await asyncio.sleep(0)
        await ours.close()
        assert len(await look) == 1
        while await asking():
            await asyncio.sleep(0)
        await theirs.close()


async def test_a_wrong_look_costs_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[Line] = []
    monkeypatch.setattr(Line, "drop", dropped.append)
    ours = await lines(tmp_path)
    mine = "SELECT pg_backend_pid() AS pid"

    before = await ours.fetch(mine, [])
    with pytest.raises(asyncpg.DivisionByZeroError):
        await ours.fetch("SELECT 1 / 0", [])
    assert await ours.fetch(mine, []) == before
    assert dropped == []
    await ours.close()
