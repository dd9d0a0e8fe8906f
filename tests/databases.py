"""The databases of tests: SQLite in the test's own folder, or one of a real PostgreSQL, as
`CHOSEN` says."""

import asyncio
import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from routing.ports import Clock
from storage.engine import Database
from storage.postgres.database import PostgresDatabase
from storage.postgres.migrating import migrate_postgres
from storage.postgres.sounds import SoundRows
from storage.schema import migrate
from storage.sounds import SoundFiles, Sounds
from storage.sqlite.database import SqliteDatabase
from tools.postgres import Postgres

SQLITE, ASYNCPG, PSYCOPG = "sqlite", "postgresql+asyncpg", "postgresql+psycopg"


@dataclass
class Chosen:
    """What the next database is: which kind, and of which server. On PostgreSQL a test's databases
    are `lent` to its paths, emptied after it and `free` for the next: making one costs more."""

    kind: str = os.environ.get("TESTS_DATABASE", SQLITE)
    server: Postgres | None = None
    lent: dict[Path, str] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)
    made: int = 0


CHOSEN: Final = Chosen()
TEMPLATE: Final = "template_of_tests"
EMPTY: Final = """
SET session_replication_role = replica;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE schemaname = 'public';
END $$
"""
"""In any order, as foreign keys are not looked at. TRUNCATE makes each table's files anew, which
takes five times as long as these few rows."""


@contextlib.contextmanager
def chosen(kind: str, server: Postgres | None) -> Iterator[None]:
    """For one test."""
    CHOSEN.kind, CHOSEN.server = kind, server
    try:
        yield
        if server is not None:
            for name in CHOSEN.lent.values():
                server.run(EMPTY, name)
                CHOSEN.free.append(name)
    finally:
        CHOSEN.lent.clear()  # one that could not be emptied is nobody's any more
        CHOSEN.kind, CHOSEN.server = SQLITE, None


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        migrate(path)
        return path.read_bytes()


def migrated(path: Path) -> None:
    """What `storage.schema.migrate` does. A new database is a copy of one that it made once: the
    migrations take a fifth of a second, and most tests begin with a new one."""
    if path.exists():
        migrate(path)
    else:
        path.write_bytes(_migrated())


async def database_at(path: Path) -> Database:
    """The migrated database of this path: the same one each time it is opened."""
    if CHOSEN.kind == SQLITE:
        await asyncio.to_thread(migrated, path)
        return SqliteDatabase(path)
    return PostgresDatabase(await url_of(path))


async def url_of(path: Path) -> str:
    """The address of this path's database on PostgreSQL, made where it is new."""
    given = os.environ.get("TESTS_DATABASE_URL")
    if given is not None:
        return given
    server = CHOSEN.server
    assert server is not None, "the fixture `postgres` starts it"
    if path not in CHOSEN.lent:
        CHOSEN.lent[path] = CHOSEN.free.pop() if CHOSEN.free else await _new(server)
    return server.url(CHOSEN.lent[path], CHOSEN.kind)


async def _new(server: Postgres) -> str:
    """A copy of the migrated one, which is made first."""
    if not CHOSEN.made:
        server.run(f"CREATE DATABASE {TEMPLATE}")
        database = PostgresDatabase(server.url(TEMPLATE))
        await migrate_postgres(database)
        await database.close()
    CHOSEN.made += 1
    name = f"t{CHOSEN.made}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return name


async def in_child(path: Path) -> dict[str, str]:
    """The environment in which another interpreter opens the same database."""
    if CHOSEN.kind == SQLITE:
        return {}
    return {"TESTS_DATABASE": CHOSEN.kind, "TESTS_DATABASE_URL": await url_of(path)}


def sounds_of(database: Database, folder: Path, clock: Clock) -> Sounds:
    """Where the sound lies that belongs to this database."""
    if isinstance(database, PostgresDatabase):
        return SoundRows(database, clock)
    return SoundFiles(folder)
