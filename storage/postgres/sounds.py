"""Sound in rows, a chunk at a time, where every replica finds it. The counterpart of
`storage.sounds.SoundFiles`."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from routing.ports import Clock
from storage.engine import Database
from storage.errors import StorageError
from storage.sounds import PIECE
from storage.tables.sounds import sound_chunks, sounds

CHUNK: Final = PIECE
"""Bytes of a row: some twenty for the longest recording."""
ABANDONED: Final = timedelta(hours=1)
"""Chunks of no sound after so long are a killed server's; no fetch takes longer."""


class SoundRows:
    """A sound is whole or not there: its row is written once all of its chunks are."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        """Its chunks lie under a name of their own until then: two fetches do not mix."""
        part = secrets.token_hex(16)
        try:
            size = await self._chunks(part, audio)
            await self._named(sid, part, size)
        except BaseException:
            with contextlib.suppress(StorageError):  # the sweep finds them later
                await self._drop(part)
            raise
        return size

    async def _chunks(self, part: str, audio: AsyncIterator[bytes]) -> int:
        size, number, held = 0, 0, bytearray()
        async for piece in audio:
            size += len(piece)
            held += piece
            while len(held) >= CHUNK:
                await self._chunk(part, number, bytes(held[:CHUNK]))
                del held[:CHUNK]
                number += 1
        await self._chunk(part, number, bytes(held))
        return size

    async def _chunk(self, part: str, number: int, piece: bytes) -> None:
        row = {"part": part, "number": number, "bytes": piece, "at": self._clock.now()}
        written = insert(sound_chunks).inline().values(row).on_conflict_do_nothing()
        await self._database.brief(lambda unit: unit.execute(written))

    async def _named(self, sid: str, part: str, size: int) -> None:
        """In place of an earlier one, whose chunks go with it."""
        row = insert(sounds).inline().values(sid=sid, part=part, size=size)
        new = row.on_conflict_do_update(index_elements=["sid"], set_={"part": part, "size": size})
        earlier = select(sounds.c.part).where(sounds.c.sid == sid).with_for_update()

        def name(unit: Connection) -> None:
            before = unit.execute(earlier).scalar_one_or_none()
            unit.execute(new)
            if before is not None and before != part:
                unit.execute(delete(sound_chunks).where(sound_chunks.c.part == before))

        await self._database.brief(name)

    async def read(self, sid: str) -> bytes | None:
        """All of its chunks, in their order."""
        chunks = (
            select(sound_chunks.c.bytes)
            .join(sounds, sounds.c.part == sound_chunks.c.part)
            .where(sounds.c.sid == sid)
            .order_by(sound_chunks.c.number)
        )
        rows = await self._database.read(chunks)
        return b"".join(row.bytes for row in rows) if rows else None

    async def size(self, sid: str) -> int | None:
        """As it was counted when it was kept."""
        rows = await self._database.read(select(sounds.c.size).where(sounds.c.sid == sid))
        return int(rows[0].size) if rows else None

    async def piece(self, sid: str, number: int) -> bytes:
        """A chunk."""
        chunk = (
            select(sound_chunks.c.bytes)
            .join(sounds, sounds.c.part == sound_chunks.c.part)
            .where(sounds.c.sid == sid, sound_chunks.c.number == number)
        )
        rows = await self._database.read(chunk)
        return bytes(rows[0].bytes) if rows else b""

    async def delete(self, sid: str) -> None:
        """Its row and its chunks."""
        gone = delete(sounds).where(sounds.c.sid == sid).returning(sounds.c.part)

        def both(unit: Connection) -> None:
            for (part,) in unit.execute(gone).all():
                unit.execute(delete(sound_chunks).where(sound_chunks.c.part == part))

        await self._database.brief(both)

    async def _drop(self, part: str) -> None:
        chunks = delete(sound_chunks).where(sound_chunks.c.part == part)
        await self._database.brief(lambda unit: unit.execute(chunks))

    async def sweep(self) -> None:
        """Chunks of no sound, once no fetch can still be at them."""
        named = exists().where(sounds.c.part == sound_chunks.c.part)
        old = sound_chunks.c.at <= self._clock.now() - ABANDONED
        chunks = delete(sound_chunks).where(old, ~named)
        await self._database.brief(lambda unit: unit.execute(chunks))
