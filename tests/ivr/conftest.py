"""A migrated database, made once and copied for each test that wants one."""

import shutil
from pathlib import Path

import pytest

from storage.schema import migrate


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated, empty database."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    migrate(path)
    return path


@pytest.fixture
def empty_database(migrated: Path, tmp_path: Path) -> Path:
    """A copy that a test may write to."""
    return Path(shutil.copy(migrated, tmp_path / "house.db"))
