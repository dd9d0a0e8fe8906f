"""A migrated database, made once and copied for each test that wants one; and either kind of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import ASYNCPG, SQLITE, chosen
from tests.databases import migrated as migrated_file


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated, empty database."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    migrated_file(path)
    return path


@pytest.fixture
def empty_database(migrated: Path, tmp_path: Path) -> Path:
    """A copy that a test may write to."""
    return Path(shutil.copy(migrated, tmp_path / "house.db"))


@pytest.fixture(params=[SQLITE, ASYNCPG])
def kind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Which database `opened` opens, for a test that wants both."""
    name: str = request.param
    server = None if name == SQLITE else request.getfixturevalue("postgres")
    with chosen(name, server):
        yield
