"""The schema is what the migrations make, and a start brings it there or says why not."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from storage.errors import StorageError, TooNew
from storage.schema import MIGRATIONS, head, migrate
from storage.tables.base import METADATA

pytestmark = pytest.mark.sqlite


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
