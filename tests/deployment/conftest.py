"""A migrated database for what stands above the stores, and a folder for what commands do."""

from pathlib import Path

import pytest

from deployment.settings import Settings
from tests.ivr.conftest import empty_database, migrated

__all__ = ["empty_database", "migrated"]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, neither a developer's `.env` nor his environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ZHITONG_{name.upper()}", raising=False)
