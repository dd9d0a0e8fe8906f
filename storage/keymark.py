"""Refuses a start under another key than the one that what is kept was sealed with: numbers could
not be opened, and every PIN would be wrong, without a word. Counterpart of `sealing`."""

import hmac
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage.engine import Database
from storage.errors import StorageError
from storage.sealing import Sealing
from storage.tables.calls import settings

NAME: Final = "key mark"
FOLDERS: Final = (
    "this is not the key that DATA_DIR was begun with, so nothing sealed in it can be read: bring "
    "back its SECRET_KEY, or the file secret.key, or choose another folder"
)
SHARED: Final = (
    "this database was begun with another SECRET_KEY, so nothing sealed in it can be read: set the "
    "same ZHITONG_SECRET_KEY on every machine (one that had none made its own, in its file "
    "secret.key), or name another database"
)
"""Where several servers work on one database."""


class WrongKey(StorageError):
    """The key is not the one that this database was begun with."""


async def same_key(database: Database, sealing: Sealing) -> None:
    """Mark a new database with a digest of the key, compare it ever after. Raises WrongKey."""
    mark = sealing.digest("mark", "zhitong")
    begun = insert(settings).values(name=NAME, value=mark).on_conflict_do_nothing()
    kept = select(settings.c.value).where(settings.c.name == NAME)
    async with database.unit_of_work() as unit:
        await unit.execute(begun)
        first: str = (await unit.execute(kept)).scalar_one()
    if not hmac.compare_digest(first, mark):
        raise WrongKey(FOLDERS if database.replica is None else SHARED)
