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
        with pytest.raises(WrongKey, match="SECRET_KEY"):
            await same_key(house.database, Sealing(b"o" * 32))
        await same_key(house.database, Sealing(b"k" * 32))
        assert b"k" * 32 not in (await house.scalar(select(settings.c.value))).encode()


async def told(folder: Path) -> str:
    """What a start under another key than the first is told."""
    async with opened(folder) as house:
        await same_key(house.database, Sealing(b"k" * 32))
        with pytest.raises(WrongKey) as wrong:
            await same_key(house.database, Sealing(b"o" * 32))
    return str(wrong.value)


@pytest.mark.sqlite
async def test_a_folder_alone_wants_its_key_back(tmp_path: Path) -> None:
    said = await told(tmp_path)
    assert "DATA_DIR was begun with" in said
    assert "bring back its SECRET_KEY, or the file secret.key" in said


@pytest.mark.postgres
async def test_a_second_machine_is_told_of_the_database_and_not_of_its_folder(
    tmp_path: Path,
) -> None:
    """Its folder is as it should be; the key that it made there is not the others'."""
    said = await told(tmp_path)
    assert "this database was begun with another SECRET_KEY" in said
    assert "set the same ZHITONG_SECRET_KEY on every machine" in said
    assert "DATA_DIR" not in said
