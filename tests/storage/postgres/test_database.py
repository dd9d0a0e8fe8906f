"""PostgreSQL: replicas see one winner, hear each other, and survive its restart; what is wrong with
it is a sentence in time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from asyncpg.transaction import Transaction
from sqlalchemy import Connection, func, insert, make_url, select

from ivr.flow.effect import NoteVerdict
from ivr.ports.journal import RecordingTaken, Reply
from ivr.ports.recordings import RecordingRef
from storage.calls import StoredCalls
from storage.effects import Effects
from storage.engine import Topic
from storage.errors import StorageError
from storage.journal import StoredJournal
from storage.plans import StoredPlans
from storage.postgres.database import PostgresDatabase
from storage.postgres.errors import Unreachable
from storage.tables.calls import calls, settings, steps, verdicts
from storage.tables.cases import cases
from tests.databases import CHOSEN, PSYCOPG, url_of
from tests.deadline import DEADLINE
from tests.storage.stepping import (
    AT,
    SEALING,
    House,
    StoppedAt,
    first_step,
    later_step,
    open_case,
    opened,
)

pytestmark = pytest.mark.postgres


@asynccontextmanager
async def replica(folder: Path) -> AsyncIterator[House]:
    """A second server on the database of `folder`."""
    database = PostgresDatabase(await url_of(folder / "house.db"))
    effects = Effects(SEALING, ZoneInfo("Asia/Shanghai"))
    journal = StoredJournal(database, effects)
    await journal.start()
    try:
        yield House(folder, database, effects, journal, StoredCalls(database, effects))
    finally:
        await journal.stop()
        await database.close()


async def test_one_turn_at_two_replicas_has_one_winner(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, replica(tmp_path) as two:
        await one.journal.append(first_step("a"))
        both = [later_step("a", 1, NoteVerdict("genuine"), reply=b"<%d/>" % n) for n in range(16)]
        replies = await asyncio.gather(
            *(house.journal.append(step) for house in (one, two) for step in both)
        )
        assert {reply.body for reply in replies} == {next(r.body for r in replies if r.mine)}
        assert sum(reply.mine for reply in replies) == 1
        assert await one.rows(steps) == 2
        assert await one.scalar(select(verdicts.c["count"])) == 1


async def test_one_call_at_two_replicas_is_begun_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, replica(tmp_path) as two:
        doubled = [first_step(name, sid="CA7", reply=name.encode()) for name in "abcdefgh"]
        replies = await asyncio.gather(
            *((one, two)[n % 2].journal.append(step) for n, step in enumerate(doubled))
        )
        assert len({(r.call_id, r.body) for r in replies}) == 1
        assert await one.rows(calls) == 1


async def test_many_calls_at_two_replicas_wait_for_each_other_in_no_ring(tmp_path: Path) -> None:
    """Each turn comes to both at once, in another order, and all are counted on one row."""
    names = [f"call{n:02}" for n in range(30)]
    async with opened(tmp_path) as one, replica(tmp_path) as two, asyncio.timeout(DEADLINE):
        await asyncio.gather(*(one.journal.append(first_step(name)) for name in names))
        for turn in range(1, 5):
            steps_of = [later_step(name, turn, NoteVerdict("genuine")) for name in names]
            replies = await asyncio.gather(
                *(one.journal.append(step) for step in steps_of),
                *(two.journal.append(step) for step in reversed(steps_of)),
            )
            assert sum(reply.mine for reply in replies) == len(names)
        assert await one.scalar(select(verdicts.c["count"])) == 4 * len(names)


async def test_a_matter_at_two_replicas_is_one_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, replica(tmp_path) as two:
        await one.journal.append(first_step("a"))
        step = later_step("a", 1, open_case())
        outcomes = await asyncio.gather(
            one.journal.append(step),
            two.calls.apply(step.call, (open_case("11111116"),), AT, 0),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, Reply | None) for outcome in outcomes) == 1
        assert await one.rows(cases) == 1


async def test_a_recording_is_one_calls(tmp_path: Path) -> None:
    ref = RecordingRef("RE1", "http://127.0.0.1/RE1", 9)
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(first_step("b"))
        assert await house.calls.hold_recording("a", 1, ref, AT)
        with pytest.raises(RecordingTaken):
            await house.journal.append(replace(later_step("b", 1), recording=ref))


async def test_what_is_counted_then_written_takes_turns(tmp_path: Path) -> None:
    """Without them, replicas that count at once all see the same."""
    async with opened(tmp_path) as one, replica(tmp_path) as two:

        def add(house: House) -> Callable[[Connection], None]:
            def work(unit: Connection) -> None:
                house.database.take_turns(unit, "count", "another")
                many = unit.execute(select(func.count()).select_from(settings)).scalar_one()
                unit.execute(insert(settings).values(name=f"n{many}", value="1"))

            return work

        await asyncio.gather(*(h.database.brief(add(h)) for h in (one, two) for _ in range(20)))
        assert await one.rows(settings) == 40


async def test_replicas_hear_of_work_and_of_plans(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, replica(tmp_path) as two, asyncio.timeout(DEADLINE):
        heard = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            ears = [group.create_task(h.database.signals.listen()) for h in (one, two)]
            two.database.signals.hear(Topic.PLAN, heard.set)
            await heard.wait()  # once, as it begins to listen
            await two.database.woken.wait(2 * DEADLINE)
            heard.clear()
            number = await StoredPlans(one.database, StoppedAt()).publish("a plan")
            await heard.wait()
            latest = await StoredPlans(two.database, StoppedAt()).latest()
            one.database.woken.set()
            await two.database.woken.wait(2 * DEADLINE)
            for ear in ears:
                ear.cancel()
    assert latest is not None
    assert latest.number == number


async def test_after_a_restart_the_first_step_is_kept(tmp_path: Path) -> None:
    server = CHOSEN.server
    assert server is not None
    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        await house.journal.append(first_step("a"))
        assert await house.calls.load("a") is not None
        await asyncio.to_thread(server.stop)
        with pytest.raises(Unreachable, match="PostgreSQL"):
            await house.journal.append(later_step("a", 1))
        with pytest.raises(StorageError):
            await house.calls.load("a")
        assert "PostgreSQL" in await house.database.trouble()
        await asyncio.to_thread(server.start)
        assert (await house.journal.append(later_step("a", 1))).mine
        loaded = await house.calls.load("a")
        assert loaded is not None
        assert loaded[0].turn == 2
        assert await house.database.trouble() == ""


async def test_a_restart_between_two_steps_is_noticed_by_nobody(tmp_path: Path) -> None:
    server = CHOSEN.server
    assert server is not None
    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        await house.journal.append(first_step("a"))
        assert await house.calls.load("a") is not None
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        assert (await house.journal.append(later_step("a", 1, NoteVerdict("genuine")))).mine
        assert await house.calls.load("a") is not None
        await house.calls.hold_transcript("RE1", "停水", "carrier", AT)


@pytest.mark.usefixtures("hasty")
async def test_one_that_hangs_is_told_in_time(tmp_path: Path) -> None:
    server = CHOSEN.server
    assert server is not None
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        server.pause(on=True)
        try:
            async with asyncio.timeout(DEADLINE):
                with pytest.raises(Unreachable, match="does not answer"):
                    await house.journal.append(later_step("a", 1))
        finally:
            server.pause(on=False)
        assert (await house.journal.append(later_step("a", 1))).body == b"<later/>"


@pytest.mark.usefixtures("hasty")
async def test_what_keeps_it_from_a_write_is_told_over_a_connection_that_was_open_before(
    tmp_path: Path,
) -> None:
    """A transaction that nothing is asked in is begun nowhere: `/readyz` called a PostgreSQL that
    hung, or was gone, ready."""
    server = CHOSEN.server
    assert server is not None
    async with opened(tmp_path) as house:
        assert await house.database.trouble() == ""
        server.pause(on=True)
        try:
            async with asyncio.timeout(DEADLINE):
                assert "does not answer" in await house.database.trouble()
        finally:
            server.pause(on=False)
        assert await house.database.trouble() == ""
        await asyncio.to_thread(server.kill)
        assert "PostgreSQL" in await house.database.trouble()
        await asyncio.to_thread(server.start)
        assert await house.database.trouble() == ""


async def test_one_that_only_reads_is_in_trouble(tmp_path: Path) -> None:
    """As a standby does, which an address may lead to after a failover."""
    url = make_url(await url_of(tmp_path / "house.db"))
    server = CHOSEN.server
    assert server is not None
    server.run(f"ALTER DATABASE {url.database} SET default_transaction_read_only = on")
    try:
        database = PostgresDatabase(url.render_as_string(hide_password=False))
        assert "must name the primary" in await database.trouble()
        await database.close()
    finally:
        server.run(f"ALTER DATABASE {url.database} RESET default_transaction_read_only")


async def test_no_error_shows_a_row(tmp_path: Path) -> None:
    """PostgreSQL itself tells the whole row that it refused."""
    async with opened(tmp_path) as house:
        with pytest.raises(Exception, match="null value") as refused:
            await house.database.brief(
                lambda unit: unit.execute(insert(settings).values(name="停水 4329"))
            )
    chain: BaseException | None = refused.value
    while chain is not None:
        assert "4329" not in str(chain)
        chain = chain.__cause__


async def test_a_word_that_libpq_does_not_know() -> None:
    """Settings refuse it where the driver is asyncpg; libpq knows more of them."""
    database = PostgresDatabase("postgresql+psycopg://zhitong@127.0.0.1:1/zhitong?conect_timeout=3")
    assert "holds what the driver cannot use" in await database.trouble()
    await database.close()


@pytest.mark.parametrize("pooled", [True, False])
async def test_behind_pgbouncer_what_the_driver_carries_out_is_a_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pooled: bool
) -> None:
    """Else the server that prepared a statement need not be the one that is to carry it out."""
    begun: list[str] = []
    usual = asyncpg.Connection.transaction

    def noted(connection: "asyncpg.Connection[Any]") -> Transaction:
        begun.append("BEGIN")
        return usual(connection)

    monkeypatch.setattr(asyncpg.Connection, "transaction", noted)
    database = PostgresDatabase(await url_of(tmp_path / "house.db"), pooled=pooled)
    effects = Effects(SEALING, ZoneInfo("Asia/Shanghai"))
    journal = StoredJournal(database, effects)
    await journal.start()
    try:
        assert (await journal.append(first_step("a"))).mine
        assert await StoredCalls(database, effects).load("a") is not None
    finally:
        await journal.stop()
        await database.close()
    assert len(begun) == (2 if pooled else 0)


async def test_the_second_driver_keeps_steps_and_finds_them(tmp_path: Path) -> None:
    CHOSEN.kind = PSYCOPG
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        doubled = [later_step("a", 1, NoteVerdict("genuine"), open_case()) for _ in range(8)]
        replies = await asyncio.gather(*map(house.journal.append, doubled))
        assert sum(reply.mine for reply in replies) == 1
        loaded = await house.calls.load("a")
        assert loaded is not None
        assert loaded[0].turn == 2
        assert await house.rows(cases) == 1
