"""The engine: pragmas, one writer, the folder's lock, migrations, and sentences for faults."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from storage.engine import Database
from storage.errors import DiskFull, InUse, ReadOnly, StorageError, TooNew
from storage.lock import FolderLock
from storage.schema import MIGRATIONS, head, migrate
from storage.tables.base import METADATA, sqlite_text
from storage.tables.calls import settings, verdicts
from storage.tables.outbox import mails
from tests.storage.stepping import AT, opened

DEADLINE = 20
ROOT = Path(__file__).parents[2]


async def test_every_connection_is_durable_and_forgets_what_is_deleted(tmp_path: Path) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
    async with opened(tmp_path) as house:
        async with house.database.reading() as connection:
            seen = [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names]
        beneath = house.database.beneath()
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
                await connection.execute(once)
        beneath = house.database.beneath()
        with beneath.connect() as below, pytest.raises(IntegrityError) as refused_beneath:
            below.execute(once)
        beneath.dispose()
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
        database = Database(tmp_path / "house.db")
        try:
            async with database.unit_of_work() as connection:
                await connection.exec_driver_sql("PRAGMA query_only=ON")
                await connection.execute(settings.insert().values(name="a", value="1"))
        finally:
            await database.close()

    with pytest.raises(ReadOnly, match="right to DATA_DIR"):
        asyncio.run(write())


_AS_NOBODY = """
import os, sys
from pathlib import Path
from storage.errors import ReadOnly
from storage.lock import FolderLock
from storage.schema import migrate
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
for attempt in (FolderLock(Path(sys.argv[1])).take, lambda: migrate(Path(sys.argv[1]) / "new.db")):
    try:
        attempt()
    except ReadOnly as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a folder's mode is POSIX")
def test_a_read_only_folder_is_one_sentence() -> None:
    """Seen by another user, so that it holds where the suite is run by root; outside pytest's
    own folders, which that user could not even enter."""
    program = f"import storage.schema, alembic.command\n{_AS_NOBODY}"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        told = subprocess.run(
            [sys.executable, "-c", program, folder],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    sentences = told.stdout.splitlines()
    assert len(sentences) == 2, told.stderr
    assert all("DATA_DIR" in sentence for sentence in sentences)


_HOLDER = """
import sys
from pathlib import Path
from storage.errors import InUse
from storage.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
try:
    lock.take()
except InUse as error:
    print(error, flush=True)
else:
    print("held", flush=True)
    sys.stdin.read()
"""


def _holder(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_second_server_is_refused_until_the_first_dies(tmp_path: Path) -> None:
    with _holder(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with _holder(tmp_path) as second:
            refused, _ = second.communicate("", timeout=DEADLINE)
        with pytest.raises(InUse, match="stop it first"):
            FolderLock(tmp_path).take()
        first.kill()
        first.wait(DEADLINE)
    assert "another server works in this DATA_DIR" in refused
    lock = FolderLock(tmp_path)
    lock.take()
    lock.release()
    lock.release()


def test_tables_are_what_the_migrations_make(tmp_path: Path) -> None:
    migrate(tmp_path / "house.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'house.db'}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()
    assert differences == []


def test_there_is_one_head_and_it_is_the_one_a_start_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [head()]


def test_every_revision_goes_down_and_up_again(tmp_path: Path) -> None:
    path = tmp_path / "house.db"
    migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        left = set(inspect(connection).get_table_names())
    engine.dispose()
    migrate(path)
    with sqlite3.connect(path) as again:
        names = {row[0] for row in again.execute("SELECT name FROM sqlite_master")}
    again.close()
    assert left <= {"alembic_version"}
    assert set(METADATA.tables) <= names


def test_a_current_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "house.db"
    migrate(path)
    before = path.read_bytes()
    migrate(path)
    assert path.read_bytes() == before


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "house.db"
    migrate(path)
    with sqlite3.connect(path) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    with pytest.raises(TooNew, match="newer version"):
        migrate(path)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "house.db"
    path.write_bytes(b"this is not a database, whatever its name says. " * 100)
    with pytest.raises(StorageError, match="restore"):
        migrate(path)


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
