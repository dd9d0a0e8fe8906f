"""A city whose database may be gone, on each kind of database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr.flow.world import Plan
from tests.databases import ASYNCPG, SQLITE, chosen
from tests.ivr.ruin import Ruin, ruined


@pytest.fixture(params=[SQLITE, ASYNCPG])
def kind(request: pytest.FixtureRequest) -> Iterator[None]:
    name: str = request.param
    server = None if name == SQLITE else request.getfixturevalue("postgres")
    with chosen(name, server):
        yield


@pytest.fixture
async def ruin(
    kind: None, empty_database: Path, tmp_path: Path, demo_plan: Plan
) -> AsyncIterator[Ruin]:
    async with ruined(empty_database, tmp_path / "spool", demo_plan) as made:
        yield made
