"""PostgreSQL's way to this version's schema. The counterpart of `storage.schema`."""

from typing import Final

from sqlalchemy import Connection

from storage.postgres.database import PostgresDatabase
from storage.postgres.errors import told
from storage.schema import head, revision, upgrade

MIGRATING: Final = 20261124
"""The advisory lock of whoever migrates; any number that nobody else takes."""


async def migrate_postgres(database: PostgresDatabase) -> str | None:
    """Bring it there, all or nothing: schema changes are part of the transaction. Of replicas that
    start together one migrates, the others wait for it. Returns the revision that it was at
    before, None where it is new. Raises StorageError with a sentence."""
    with told():
        async with database.patient() as connection:
            return await connection.run_sync(_migrated)


def _migrated(connection: Connection) -> str | None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
    before = revision(connection)
    if before != head():
        upgrade(connection)
    connection.commit()
    return before
