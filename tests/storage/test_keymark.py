"""Another key is refused before it can do harm."""

from pathlib import Path

import pytest
from sqlalchemy import select

from storage.keymark import WrongKey, same_key
from storage.sealing import Sealing
from storage.tables.calls import settings
from tests.storage.stepping import opened


async def test_the_first_key_is_the_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for _ in range(2):
            await same_key(house.database, Sealing(b"k" * 32))
        with pytest.raises(WrongKey, match="bring back its SECRET_KEY"):
            await same_key(house.database, Sealing(b"o" * 32))
        await same_key(house.database, Sealing(b"k" * 32))
        assert b"k" * 32 not in (await house.scalar(select(settings.c.value))).encode()
