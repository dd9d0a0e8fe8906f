"""Recorded sentences by the hash of their sound: kept once however often they come, for good once a
plan was published with them, and for a week where none was."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.engine import Database
from storage.tables.calls import plans
from storage.tables.drafts import draft_changes, proposals
from storage.tables.prompts import prompt_sounds

UNUSED: Final = timedelta(days=7)
"""How long a recording stays that is in no plan and no draft: somebody may put it back."""
MOST_SWEPT: Final = 20
"""Of one round: each is looked for in the texts of all plans."""


class StoredPrompts:
    """The rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, sha256: str, wav: bytes, at: datetime) -> None:
        """One that is there already is there for as long as a new one."""
        row = {"sha256": sha256, "wav": wav, "at": at, "published": False}
        put = insert(prompt_sounds).values(row)
        again = put.on_conflict_do_update(index_elements=["sha256"], set_={"at": at})

        def write(unit: Connection) -> None:
            unit.execute(again)

        await self._database.brief(write)

    async def wav(self, sha256: str) -> bytes | None:
        """The file; None where it is not kept here."""
        query = select(prompt_sounds.c.wav).where(prompt_sounds.c.sha256 == sha256)
        for row in await self._database.read(query):
            return bytes(row.wav)
        return None

    async def known(self, hashes: Collection[str]) -> frozenset[str]:
        """Which of these are kept."""
        query = select(prompt_sounds.c.sha256).where(prompt_sounds.c.sha256.in_(hashes))
        return (
            frozenset(row.sha256 for row in await self._database.read(query))
            if hashes
            else frozenset()
        )

    async def hold(self, hashes: Collection[str], at: datetime) -> frozenset[str]:
        """Which of these are kept; each is there for as long as a new one from now on."""
        mine = prompt_sounds.c.sha256.in_(hashes)

        def write(unit: Connection) -> frozenset[str]:
            unit.execute(update(prompt_sounds).where(mine).values(at=at))
            return frozenset(unit.execute(select(prompt_sounds.c.sha256).where(mine)).scalars())

        return await self._database.brief(write)

    async def publish(self, hashes: Collection[str]) -> None:
        """A plan has these: they are kept for good, since plans are."""
        mine = and_(prompt_sounds.c.sha256.in_(hashes), prompt_sounds.c.published.is_(False))

        def write(unit: Connection) -> None:
            unit.execute(update(prompt_sounds).where(mine).values(published=True))

        if hashes:
            await self._database.brief(write)

    async def sweep(self, now: datetime) -> None:
        """Delete what was uploaded long ago and no plan, draft or proposal names."""
        named = or_(
            exists().where(plans.c.body.contains(prompt_sounds.c.sha256)),
            exists().where(draft_changes.c.body.contains(prompt_sounds.c.sha256)),
            exists().where(draft_changes.c.base.contains(prompt_sounds.c.sha256)),
            exists().where(proposals.c.changes.contains(prompt_sounds.c.sha256)),
        )
        old = and_(prompt_sounds.c.published.is_(False), prompt_sounds.c.at < now - UNUSED)
        query = select(prompt_sounds.c.sha256).where(old, ~named).limit(MOST_SWEPT)
        for row in await self._database.read(query):
            await self._drop(row.sha256, now)

    async def _drop(self, sha256: str, now: datetime) -> None:
        """Unless it was uploaded again meanwhile."""
        gone = and_(
            prompt_sounds.c.sha256 == sha256,
            prompt_sounds.c.at < now - UNUSED,
            prompt_sounds.c.published.is_(False),
        )

        def write(unit: Connection) -> None:
            unit.execute(delete(prompt_sounds).where(gone))

        await self._database.brief(write)
