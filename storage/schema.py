"""Brings a database to this version's schema. The counterpart of `migrations`, which says how."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine, inspect

from storage.beneath import SQLITE
from storage.errors import TooNew, told
from storage.sqlite.database import prepare

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def migrate(path: Path) -> str | None:
    """Bring the database to this version's schema; the revision that it was at before, None where
    it is new. Raises StorageError with a sentence."""
    engine = create_engine(f"sqlite:///{path}")
    prepare(engine)
    try:
        with told(), engine.connect() as connection:
            before = revision(connection)
            if before != head():
                upgrade(connection)
            return before
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision in this version: files are named by it, in order."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))


def revision(connection: Connection) -> str | None:
    """What the database is at; None where it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return found


def upgrade(connection: Connection) -> None:
    """Run what is missing. Raises TooNew."""
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
