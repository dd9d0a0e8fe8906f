"""Recorded sentences by the hash of their sound: kept once however often they come, for good once a
plan was published with them, for a week where none was, and for a day where somebody has but looked
at a file that brings them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from storage.engine import Database
from storage.tables.calls import plans
from storage.tables.drafts import draft_changes, proposals
from storage.tables.prompts import prompt_sounds

UNUSED: Final = timedelta(days=7)
"""How long a recording stays that is in no plan and no draft: somebody may put it back."""
PREVIEWED: Final = timedelta(hours=12)
"""How long one stays that came with a file which was looked at and not taken."""
MOST_SWEPT: Final = 20
"""Of one look: each is searched for in the texts of all plans."""
MOST_LOOKS: Final = 100
"""Of one round: all that one preview may bring."""
NAMED: Final = or_(
    exists().where(plans.c.body.contains(prompt_sounds.c.sha256)),
    exists().where(draft_changes.c.body.contains(prompt_sounds.c.sha256)),
    exists().where(draft_changes.c.base.contains(prompt_sounds.c.sha256)),
    exists().where(proposals.c.changes.contains(prompt_sounds.c.sha256)),
)


class StoredPrompts:
    """The rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, sha256: str, wav: bytes, at: datetime) -> None:
        """One that is there already is there for as long as a new one."""
        await self._put(sha256, wav, at, None)

    async def preview(self, sha256: str, wav: bytes, at: datetime, account: str) -> None:
        """The same of one that a file brings which somebody looks at: until their next one, or for
        PREVIEWED. What is kept for another reason is kept as it was."""
        await self._put(sha256, wav, at, account)

    async def _put(self, sha256: str, wav: bytes, at: datetime, account: str | None) -> None:
        row = {"sha256": sha256, "wav": wav, "at": at, "published": False, "previewed_by": account}
        put = insert(prompt_sounds).values(row)
        theirs = case((prompt_sounds.c.previewed_by.is_(None), None), else_=account)
        known = {"at": at, "previewed_by": theirs}
        again = put.on_conflict_do_update(index_elements=["sha256"], set_=known)

        def write(unit: Connection) -> None:
            unit.execute(again)

        await self._database.brief(write)

    async def replace_previews(self, account: str, but: Collection[str]) -> None:
        """Delete what their earlier previews brought, unless it is among these or something names
        it."""
        theirs = prompt_sounds.c.previewed_by == account
        query = select(prompt_sounds.c.sha256).where(
            theirs, prompt_sounds.c.published.is_(False), ~NAMED
        )
        for row in await self._database.read(query):
            if row.sha256 not in but:
                await self._drop(and_(prompt_sounds.c.sha256 == row.sha256, theirs))

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
        """Which of these are kept; each is there for as long as a new one from now on, whoever has
        looked at it."""
        mine = prompt_sounds.c.sha256.in_(hashes)

        def write(unit: Connection) -> frozenset[str]:
            unit.execute(update(prompt_sounds).where(mine).values(at=at, previewed_by=None))
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
        """Delete what no plan, draft or proposal names and was uploaded, or looked at, long ago."""
        looked_at = prompt_sounds.c.previewed_by.is_not(None)
        old = and_(
            prompt_sounds.c.published.is_(False),
            or_(
                prompt_sounds.c.at < now - UNUSED,
                and_(looked_at, prompt_sounds.c.at < now - PREVIEWED),
            ),
        )
        query = select(prompt_sounds.c.sha256).where(old, ~NAMED).limit(MOST_SWEPT)
        for _ in range(MOST_LOOKS):
            rows = await self._database.read(query)
            for row in rows:
                await self._drop(and_(prompt_sounds.c.sha256 == row.sha256, old))
            if len(rows) < MOST_SWEPT:
                return

    async def _drop(self, one: ColumnElement[bool]) -> None:
        """Unless it was uploaded again meanwhile, or published."""
        gone = and_(one, prompt_sounds.c.published.is_(False))

        def write(unit: Connection) -> None:
            unit.execute(delete(prompt_sounds).where(gone))

        await self._database.brief(write)
