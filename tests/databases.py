"""The databases of tests: SQLite in the test's own folder, or one of a real PostgreSQL, as
`CHOSEN` says."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
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
    """What the next database is: which kind, and of which server."""

    kind: str = os.environ.get("TESTS_DATABASE", SQLITE)
    server: Postgres | None = None


CHOSEN: Final = Chosen()
TEMPLATE: Final = "template_of_tests"


async def database_at(path: Path) -> Database:
    """The migrated database of this path: the same one each time it is opened."""
    if CHOSEN.kind == SQLITE:
        await asyncio.to_thread(migrate, path)
        return SqliteDatabase(path)
    return PostgresDatabase(await url_of(path))


async def url_of(path: Path) -> str:
    """The address of this path's database on PostgreSQL, made where it is new."""
    given = os.environ.get("TESTS_DATABASE_URL")
    if given is not None:
        return given
    server = CHOSEN.server
    assert server is not None, "the fixture `postgres` starts it"
    name = f"t{hashlib.sha256(str(path).encode()).hexdigest()[:20]}"
    await _made(server, TEMPLATE, "template0")
    await _made(server, name, TEMPLATE)
    return server.url(name, CHOSEN.kind)


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


async def _made(server: Postgres, name: str, like: str) -> None:
    there = server.run(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608 - ours
    if there:
        return
    server.run(f"CREATE DATABASE {name} TEMPLATE {like}")
    if name == TEMPLATE:
        database = PostgresDatabase(server.url(name))
        await migrate_postgres(database)
        await database.close()
