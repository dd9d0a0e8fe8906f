"""Which database the settings name, opened and migrated, and where sound lies then. PostgreSQL's
driver is read only where it is wanted: a start on SQLite is spared its time."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from deployment.settings import Settings, StartError
from routing.ports import Clock
from storage.engine import Database
from storage.schema import migrate
from storage.sounds import SoundFiles, Sounds
from storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from storage.postgres.database import PostgresDatabase


def file_of(settings: Settings) -> Path:
    """SQLite's file."""
    return settings.data_dir / "zhitong.db"


def database_of(settings: Settings) -> Database:
    """Not yet connected."""
    return _postgres(settings) if settings.database_url else SqliteDatabase(file_of(settings))


def migrated(settings: Settings) -> str | None:
    """Bring it to this version's schema; the revision that it was at before, None where it is new.
    Raises StorageError with a sentence."""
    if settings.database_url:
        return asyncio.run(_migrated(settings))
    return migrate(file_of(settings))


def sounds_of(settings: Settings, database: Database, clock: Clock) -> Sounds:
    """Files in DATA_DIR, or rows where replicas share no folder (design §3, Audio)."""
    if not settings.database_url:
        return SoundFiles(settings.data_dir / "recordings")
    from storage.postgres.sounds import SoundRows  # noqa: PLC0415 - see above

    return SoundRows(database, clock)


def _postgres(settings: Settings) -> "PostgresDatabase":
    from storage.postgres.database import PostgresDatabase  # noqa: PLC0415 - see above

    try:
        return PostgresDatabase(
            settings.database_url,
            pooled=settings.database_pooled,
            listening=settings.database_listen_url,
        )
    except ModuleNotFoundError as wrong:
        raise StartError(
            f"DATABASE_URL wants the driver {wrong.name}: uv sync --extra psycopg brings it, "
            "or say postgresql://"
        ) from wrong


async def _migrated(settings: Settings) -> str | None:
    from storage.postgres.migrating import migrate_postgres  # noqa: PLC0415 - see above

    database = _postgres(settings)
    try:
        return await migrate_postgres(database)
    finally:
        await database.close()
