"""Brings a database to this version's schema. The counterpart of `migrations`, which says how."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine, inspect

from storage.beneath import SQLITE
from storage.errors import TooNew, told
from storage.postgres.database import PostgresDatabase
from storage.postgres.errors import told as told_by_postgres
from storage.sqlite.database import prepare

MIGRATING: Final = 20261124
"""The advisory lock of whoever migrates; any number that nobody else takes."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"


def migrate(path: Path) -> None:
    """Bring the database to this version's schema. Raises StorageError with a sentence."""
    engine = create_engine(f"sqlite:///{path}")
    prepare(engine)
    try:
        with told(), engine.connect() as connection:
            if _revision(connection) != head():
                _upgrade(connection)
    finally:
        engine.dispose()


async def migrate_postgres(database: PostgresDatabase) -> None:
    """The same on PostgreSQL; of replicas that start together one migrates, the others wait for
    it. All or nothing, since PostgreSQL's schema changes are part of the transaction."""
    with told_by_postgres():
        async with database.patient() as connection:
            await connection.run_sync(_migrated)


def _migrated(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
    if _revision(connection) != head():
        _upgrade(connection)
    else:
        connection.commit()


def head() -> str:
    """The newest revision in this version: files are named by it, in order."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))


def _revision(connection: Connection) -> str | None:
    """What the database is at; None where it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return found


def _upgrade(connection: Connection) -> None:
    # Imported only when there is something to do: a warm start is spared its time.
    from alembic import command  # noqa: PLC0415 - as said
    from alembic.config import Config  # noqa: PLC0415 - as said

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    if connection.dialect.name == SQLITE:
        connection.rollback()
    try:
        command.upgrade(config, "head")
    except Exception as error:
        if "Can't locate revision" in str(error):
            raise TooNew(
                "this database was written by a newer version: run that one, or restore a backup"
            ) from error
        raise
