"""The engine: pragmas, one writer, one moment for a reader, and sentences for faults."""

import asyncio
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from storage.errors import DiskFull, ReadOnly, StorageError
from storage.retention import CALL_DETAILS
from storage.schema import migrate
from storage.sqlite import database
from storage.sqlite.database import SqliteDatabase
from storage.tables.base import sqlite_text
from storage.tables.calls import calls, settings, verdicts
from storage.tables.outbox import mails
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, file_of, first_step, opened
from tests.storage.test_retention import ENDED, retain


@pytest.mark.sqlite
async def test_every_connection_is_durable_and_forgets_what_is_deleted(tmp_path: Path) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
    async with opened(tmp_path) as house:
        async with house.database.reading() as connection:
            seen = [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names]
        beneath = file_of(house.database).beneath()
        with beneath.connect() as connection_beneath:
            same = [connection_beneath.exec_driver_sql(f"PRAGMA {n}").scalar() for n in names]
        beneath.dispose()
    assert seen == ["wal", 2, 1, 1, 5000]
    assert same == seen


async def test_a_failed_unit_of_work_leaves_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is tested
            async with house.database.unit_of_work() as connection:
                await connection.execute(settings.insert().values(name="a", value="1"))
                raise RuntimeError
        assert await house.rows(settings) == 0


async def test_an_error_does_not_show_what_was_written(tmp_path: Path) -> None:
    """What fails is logged: a caller's words and PIN must not be in it."""
    once = settings.insert().values(name="a", value="我家停水了 4329")
    async with opened(tmp_path) as house:
        async with house.database.unit_of_work() as connection:
            await connection.execute(once)
        with pytest.raises(IntegrityError) as refused:
            async with house.database.unit_of_work() as connection:
                await connection.execute(once)
        with pytest.raises(IntegrityError) as refused_beneath:
            await house.database.brief(lambda unit: unit.execute(once))
    for error in (refused.value, refused_beneath.value):
        assert "4329" not in str(error)


async def test_a_cancelled_unit_of_work_leaves_nothing_and_frees_the_writer(
    tmp_path: Path,
) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with house.database.unit_of_work() as connection:
            await connection.execute(settings.insert().values(name="a", value="1"))
            begun.set()
            await asyncio.Event().wait()

    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(write())
            await begun.wait()
            task.cancel()
        async with house.database.unit_of_work() as connection:
            await connection.execute(settings.insert().values(name="b", value="2"))
        assert await house.scalar(select(settings.c.name)) == "b"


@pytest.mark.sqlite
async def test_read_then_write_in_parallel_loses_no_update(tmp_path: Path) -> None:
    async def add() -> None:
        async with house.database.unit_of_work() as connection:
            count = (await connection.execute(select(verdicts.c["count"]))).scalar_one()
            await connection.execute(verdicts.update().values(count=count + 1))

    async with opened(tmp_path) as house:
        async with house.database.unit_of_work() as connection:
            await connection.execute(
                verdicts.insert().values(day="2026-11-24", dialled="x", verdict="genuine", count=0)
            )
        await asyncio.gather(*(add() for _ in range(40)))
        assert await house.scalar(select(verdicts.c["count"])) == 40


async def test_a_reader_sees_one_moment(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, house.database.reading() as before:
        assert (await before.execute(select(settings))).all() == []
        async with house.database.unit_of_work() as connection:
            await connection.execute(settings.insert().values(name="a", value="1"))
        assert (await before.execute(select(settings))).all() == []


@pytest.mark.sqlite
async def test_times_come_back_as_aware_utc_and_naive_ones_are_refused(tmp_path: Path) -> None:
    shanghai = datetime(2026, 11, 24, 10, 0, 0, 7, tzinfo=timezone(timedelta(hours=8)))
    row = {"id": "1", "recipient": "a", "subject": "b", "body": "c"}
    async with opened(tmp_path) as house:
        async with house.database.unit_of_work() as connection:
            await connection.execute(mails.insert().values(at=shanghai, **row))
        at = await house.scalar(select(mails.c.at))
        written = await house.scalar(text("SELECT at FROM mails"))
        with pytest.raises(StatementError, match="without a zone"):
            async with house.database.unit_of_work() as connection:
                await connection.execute(
                    mails.insert().values(at=shanghai.replace(tzinfo=None), **row)
                )
    assert at == shanghai
    assert at.tzinfo is UTC
    assert written == sqlite_text(shanghai) == "2026-11-24 02:00:00.000007"
    assert sqlite_text(AT) == "2026-11-24 02:00:00.000000"


@pytest.mark.sqlite
async def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(DiskFull, match="free some room"):  # noqa: PT012 - same
            async with house.database.unit_of_work() as connection:
                pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
                await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
                await connection.execute(settings.insert().values(name="a", value="x" * 90_000))
        assert await house.rows(settings) == 0


def test_a_read_only_database_is_one_sentence(tmp_path: Path) -> None:
    """As root no mode of a folder refuses; SQLite's own read-only opening does."""
    migrate(tmp_path / "house.db")

    async def write() -> None:
        database = SqliteDatabase(tmp_path / "house.db")
        try:
            async with database.unit_of_work() as connection:
                await connection.exec_driver_sql("PRAGMA query_only=ON")
                await connection.execute(settings.insert().values(name="a", value="1"))
        finally:
            await database.close()

    with pytest.raises(ReadOnly, match="right to DATA_DIR"):
        asyncio.run(write())


@pytest.mark.sqlite
async def test_a_locked_database_is_one_sentence(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        other = sqlite3.connect(tmp_path / "house.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            async with house.database.reading() as connection:
                # The pool hands this connection out again: it need not wait its five seconds.
                await connection.exec_driver_sql("PRAGMA busy_timeout=1")
            with pytest.raises(StorageError, match="close it"):
                async with house.database.unit_of_work():
                    pass
        finally:
            other.close()
        async with house.database.unit_of_work() as connection:
            await connection.execute(settings.insert().values(name="a", value="1"))


@pytest.mark.sqlite
def test_a_copy_of_the_files_of_a_killed_server_opens(tmp_path: Path) -> None:
    """What a crash leaves: the database with a log that was never folded in."""
    (tmp_path / "live").mkdir()
    (tmp_path / "copy").mkdir()

    async def fill() -> None:
        async with opened(tmp_path / "live") as house:
            async with house.database.unit_of_work() as connection:
                await connection.execute(settings.insert().values(name="a", value="1"))
            for name in ("house.db", "house.db-wal"):
                shutil.copy(tmp_path / "live" / name, tmp_path / "copy" / name)
        async with opened(tmp_path / "copy") as again:
            assert await again.scalar(select(settings.c.value)) == "1"

    asyncio.run(fill())


@pytest.mark.sqlite
async def test_a_reader_holds_up_neither_the_round_nor_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = f"PRAGMA busy_timeout={2_000 * DEADLINE:.0f}"  # where it waits, it does so for longer
    monkeypatch.setattr(database, "PRAGMAS", (*database.PRAGMAS, waits))
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.calls.ended("a", ENDED, AT)
        async with house.database.reading() as connection, asyncio.timeout(DEADLINE):
            await connection.execute(select(calls))
            await retain(house, AT + CALL_DETAILS)
            await house.journal.append(first_step("b"))
        await retain(house, AT + CALL_DETAILS)
        log = house.folder / "house.db-wal"
        assert log.stat().st_size == 0
