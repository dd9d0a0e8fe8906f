"""A house with an embedded carrier for each test that asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ivr.carrier.local.house import HASTY, House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as made:
        yield made


@pytest.fixture
async def hasty(house: House) -> House:
    """The house where seconds fly: for silence and phones that stay away."""
    house.timing = HASTY
    await house.restart()
    return house
