"""Which calls go on is known without looking at those that ended."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from ivr.ports.calls import CallEnd, Ending
from storage.ends import LIVE, LOST, keep_end
from storage.tables.calls import call_ends, calls
from tests.storage.stepping import AT, House, first_step, opened

DONE = Ending(CallEnd.COMPLETED, 42, recording=False)
LATER = AT + timedelta(hours=5)


async def live(house: House) -> list[str]:
    async with house.database.reading() as connection:
        return list((await connection.execute(select(calls.c.id).where(LIVE))).scalars())


@pytest.mark.parametrize("end", [None, CallEnd.COMPLETED, CallEnd.FAILED])
async def test_a_call_goes_on_until_its_end_whoever_tells(
    tmp_path: Path, end: CallEnd | None
) -> None:
    async with opened(tmp_path) as house:
        for name in ("a", "b"):
            await house.journal.append(first_step(name))
        assert sorted(await live(house)) == ["a", "b"]

        keep: Callable[[Connection], bool] = lambda unit: keep_end(unit, "a", end, LATER, None)  # noqa: E731 - a story reads it where it happens
        assert await house.database.brief(keep)
        assert not await house.database.brief(keep)

        assert await live(house) == ["b"]
        async with house.database.reading() as connection:
            kept = (await connection.execute(select(call_ends))).one()
        assert (kept.call_id, kept.end) == ("a", LOST if end is None else end.value)


async def test_the_carriers_late_word_takes_the_place_of_a_guess(tmp_path: Path) -> None:
    """The end stays when it was taken to be, and no later word changes the carrier's own."""
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.database.brief(lambda unit: keep_end(unit, "a", None, AT, None))

        assert await house.calls.ended("a", DONE, LATER) is False
        busy = Ending(CallEnd.BUSY, 7, recording=False)
        assert await house.calls.ended("a", busy, LATER) is False

        async with house.database.reading() as connection:
            end = (await connection.execute(select(call_ends))).one()
        assert (end.end, end.seconds, end.at) == ("completed", 42, AT)


async def test_ends_that_come_at_once_are_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))

        first = await asyncio.gather(*(house.calls.ended("a", DONE, AT) for _ in range(8)))

        assert sorted(first) == [False] * 7 + [True]


@pytest.mark.sqlite
async def test_calls_that_ended_cost_the_search_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, house.database.reading() as connection:
        query = select(calls.c.id).where(LIVE, calls.c.started <= AT)
        compiled = query.compile(connection.engine, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL enable_seqscan = off"))  # it has few rows
            explain = "EXPLAIN"
        plan = await connection.execute(text(f"{explain} {compiled}"))

        assert "ix_calls_live_started" in str(plan.all())
