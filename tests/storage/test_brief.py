"""Short work in one hop: whole or not at all, in turn with the other writers."""

import asyncio
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from storage.brief import transaction
from storage.tables.calls import verdicts
from tests.storage.stepping import AT, House, opened

ROW: Final = {"day": AT.date().isoformat(), "dialled": "12345", "verdict": "genuine", "count": 1}


async def _rows(house: House) -> int:
    [row] = await house.database.read(select(func.count()).select_from(verdicts))
    return int(row[0])


async def test_what_brief_work_wrote_is_read_by_everyone(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.database.brief(lambda unit: unit.execute(insert(verdicts).values(**ROW)))
        assert await _rows(house) == 1
        assert await house.rows(verdicts) == 1


async def test_work_that_fails_leaves_nothing_and_the_next_goes_through(tmp_path: Path) -> None:
    def twice(unit: Connection) -> None:
        unit.execute(insert(verdicts).values(**ROW))
        unit.execute(insert(verdicts).values(**ROW))

    async with opened(tmp_path) as house:
        with pytest.raises(IntegrityError):
            await house.database.brief(twice)
        assert await _rows(house) == 0
        await house.database.brief(lambda unit: unit.execute(insert(verdicts).values(**ROW)))
        assert await _rows(house) == 1


async def test_brief_work_waits_for_the_writers_turn(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, asyncio.TaskGroup() as group:
        async with house.database.unit_of_work() as unit:
            await unit.execute(insert(verdicts).values(**ROW))
            changed = group.create_task(
                house.database.brief(lambda other: other.execute(verdicts.delete()).rowcount)
            )
            assert await _rows(house) == 0  # nor is a reader shown what is not yet kept
            assert not changed.done()
        assert await changed == 1


async def test_a_read_before_a_write_does_not_hold_an_old_view(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        assert await _rows(house) == 0
        async with house.database.unit_of_work() as unit:
            await unit.execute(insert(verdicts).values(**ROW))
        assert await _rows(house) == 1


async def test_what_stops_a_commit_undoes_the_work(tmp_path: Path) -> None:
    def stopped() -> None:
        raise RuntimeError("not now")

    def work(unit: Connection) -> None:
        with transaction(unit, stopped):
            unit.execute(insert(verdicts).values(**ROW))

    async with opened(tmp_path) as house:
        with house.database.beneath().connect() as plain:
            connection = plain.execution_options(zhitong_begun=True)
            with pytest.raises(RuntimeError, match="not now"):
                await asyncio.to_thread(work, connection)
        assert await _rows(house) == 0
