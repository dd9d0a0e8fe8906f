"""Kept audio, and what the carrier said of each recording.
Implements `ivr.ports.recordings.RecordingShelf` and `Sound`."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import bindparam, exists, literal, select, update

from ivr.flow.instruction import Language
from ivr.ports.recordings import RecordingRef
from routing.ports import Audio, JobKind
from storage.beneath import Read, Written
from storage.engine import Database
from storage.errors import StorageError
from storage.outbox import WAITING
from storage.sounds import Sounds
from storage.tables.cases import recordings
from storage.tables.outbox import outbox
from storage.writes import ADD_JOB, job_row

DELETE_AFTER: Final = timedelta(minutes=10)
"""How long a recording that is kept here stays at the carrier, which may be asked for its words."""
REF: Final = Read(
    select(recordings.c.url, recordings.c.seconds, recordings.c.language).where(
        recordings.c.sid == bindparam("of")
    )
)
BEING_WRITTEN: Final = (
    exists()
    .where(outbox.c.key == literal("transcribe:") + recordings.c.sid, WAITING)
    .correlate(recordings)
)
"""Of a row of `recordings`: whether its words are still being asked for."""
MARK: Final = Written(update(recordings).where(recordings.c.sid == bindparam("of")))
_SID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class StoredRecordings:
    """Sound lies in `sounds`; what was said of it, in the database."""

    def __init__(self, database: Database, sounds: Sounds) -> None:
        self._database = database
        self._sounds = sounds

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        """Keep the audio; returns its size in bytes. Raises DiskFull."""
        return await self._sounds.save(_plain(sid), audio)

    async def sweep(self) -> None:
        """Delete what a killed server had begun to write; it was no recording yet."""
        await self._sounds.sweep()

    async def read(self, sid: str) -> bytes | None:
        """The WAV, or None where it is not kept."""
        return await self._sounds.read(_plain(sid))

    async def size(self, sid: str) -> int | None:
        """Bytes of the WAV, or None where it is not kept."""
        return await self._sounds.size(_plain(sid))

    async def piece(self, sid: str, number: int) -> bytes:
        """Of the WAV, from number 0 on; nothing beyond its end, or where it is not kept."""
        return await self._sounds.piece(_plain(sid), number)

    async def delete(self, sid: str) -> None:
        """Delete the sound, surely; then its row says that it is gone."""
        await self._sounds.delete(_plain(sid))
        await self._mark(sid, Audio.GONE)

    async def ref(self, sid: str) -> RecordingRef | None:
        """Where the carrier has it."""
        for row in await self._database.look(REF, of=sid):
            return None if row.url is None else RecordingRef(sid, row.url, row.seconds)
        return None

    async def kept(self, sid: str) -> Language | None:
        """Mark it as kept here; returns its language."""
        await self._mark(sid, Audio.KEPT)
        rows = await self._database.look(REF, of=sid)
        return cast("Language | None", rows[0].language) if rows else None

    async def follow_up(self, sid: str, language: Language | None, now: datetime) -> None:
        """What comes once it is kept: its words, then its deletion at the carrier. A repeat
        changes nothing."""
        payload = {"recording": sid, "language": language}
        later = now + DELETE_AFTER
        words = job_row(JobKind.TRANSCRIBE, payload, _asking(sid), now, None)
        deletion = job_row(JobKind.DELETE_RECORDING, payload, f"delete:{sid}", later, None)
        await self._database.brief(lambda unit: ADD_JOB.on(unit, [words, deletion]))
        self._database.woken.set()

    async def words_awaited(self, sid: str) -> bool:
        """Whether its words are still being asked for."""
        query = select(outbox.c.id).where(outbox.c.key == _asking(sid), WAITING)
        return bool(await self._database.read(query))

    async def _mark(self, sid: str, audio: Audio) -> None:
        values = {"of": sid, "audio": audio.value}
        await self._database.brief(lambda unit: MARK.on(unit, values))


def _asking(sid: str) -> str:
    """The key of the work that asks for its words, as in BEING_WRITTEN."""
    return f"transcribe:{sid}"


def _plain(sid: str) -> str:
    """It also names a file."""
    if not _SID.fullmatch(sid):
        raise StorageError("a recording's id may hold letters, digits, _ and - only")
    return sid
