"""A city whose database may be gone, on each kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.flow.world import Plan
from tests.ivr.ruin import Ruin, ruined


@pytest.fixture
async def ruin(
    kind: None, empty_database: Path, tmp_path: Path, demo_plan: Plan
) -> AsyncIterator[Ruin]:
    async with ruined(empty_database, tmp_path / "spool", demo_plan) as made:
        yield made
