"""Short work in one hop: whole or not at all, in turn with the other writers."""

import asyncio
import contextlib
import gc
import threading
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from storage.sqlite.brief import transaction
from storage.tables.calls import verdicts
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, House, file_of, opened

pytestmark = pytest.mark.sqlite
ROW: Final = {"day": AT.date().isoformat(), "dialled": "12345", "verdict": "genuine", "count": 1}


async def _settled(work: Awaitable[None]) -> str | None:
    """The name of the error, if it failed."""
    try:
        await work
    except IntegrityError as error:
        return type(error).__name__
    return None


async def _failing(work: Awaitable[None]) -> None:
    with contextlib.suppress(ValueError):
        await work


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


async def test_what_waits_together_is_kept_together_and_a_bad_piece_fails_alone(
    tmp_path: Path,
) -> None:
    rows = [{**ROW, "verdict": name} for name in ("a", "b", "a", "c")]

    async def write(house: House, row: dict[str, object]) -> None:
        await house.database.brief(lambda unit: unit.execute(insert(verdicts).values(**row)))

    async with opened(tmp_path) as house:
        async with asyncio.TaskGroup() as group, house.database.unit_of_work():
            tasks = [group.create_task(_settled(write(house, row))) for row in rows]
            await asyncio.sleep(0)  # all of them wait now
        assert [task.result() for task in tasks] == [None, None, "IntegrityError", None]
        assert await _rows(house) == 3


async def test_a_leader_that_is_cut_off_leaves_nobody_waiting(tmp_path: Path) -> None:
    begun, go_on = asyncio.Event(), threading.Event()

    def slow(unit: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(DEADLINE)
        unit.execute(insert(verdicts).values(**ROW))

    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        loop = asyncio.get_running_loop()
        leader = group.create_task(house.database.brief(slow))
        follower = group.create_task(
            house.database.brief(lambda unit: unit.execute(verdicts.delete()).rowcount)
        )
        await begun.wait()
        leader.cancel()
        go_on.set()
        assert await follower == 1


@pytest.mark.parametrize("led", [True, False])
async def test_what_fails_after_it_was_cut_off_is_reported_to_nobody(
    led: bool, tmp_path: Path
) -> None:
    """Nor by asyncio, as a future that was never asked."""
    begun, go_on, reported = asyncio.Event(), threading.Event(), list[object]()

    def fails(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(DEADLINE)
        raise ValueError("locked")

    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context["message"]))
        async with house.database.unit_of_work():
            others = [] if led else [group.create_task(_failing(house.database.brief(fails)))]
            await asyncio.sleep(0)
            cut = group.create_task(house.database.brief(fails))
            await asyncio.sleep(0)
        await begun.wait()
        cut.cancel()
        go_on.set()
        await asyncio.gather(*others)
        await house.database.brief(lambda _: None)
        del cut
        gc.collect()
    assert reported == []


async def test_work_that_is_cut_off_while_it_waits_is_not_done(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, asyncio.TaskGroup() as group:
        async with house.database.unit_of_work():
            cut = group.create_task(
                house.database.brief(lambda unit: unit.execute(insert(verdicts).values(**ROW)))
            )
            await asyncio.sleep(0)
            cut.cancel()
        await house.database.brief(lambda unit: unit.execute(verdicts.delete()))
        assert await _rows(house) == 0


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
        with file_of(house.database).beneath().connect() as plain:
            connection = plain.execution_options(zhitong_begun=True)
            with pytest.raises(RuntimeError, match="not now"):
                await asyncio.to_thread(work, connection)
        assert await _rows(house) == 0
