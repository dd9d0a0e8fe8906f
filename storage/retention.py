"""What is forgotten, and when: call details an hour after the end, audio after the time that the
caller was told. What is deleted leaves the file (`secure_delete`, then a truncated log)."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine import Database
from storage.recordings import StoredRecordings
from storage.tables.calls import call_ends, calls, steps
from storage.tables.cases import recordings, transcripts, tries
from storage.tables.outbox import outbox

CALL_DETAILS: Final = timedelta(hours=1)
LOST_CALL: Final = timedelta(hours=2)
"""A call without an end is taken to have ended this long after its last step."""
FINISHED_WORK: Final = timedelta(days=1)
TRIES: Final = timedelta(days=2)
CHUNK: Final = 100
"""Calls forgotten in one transaction, so that no step waits long for the writer."""


class Retention:
    """One round at a time; `days` are those of audio."""

    def __init__(self, database: Database, audio: StoredRecordings, days: int) -> None:
        self._database = database
        self._audio = audio
        self._days = timedelta(days=days)

    async def run(self, now: datetime) -> None:
        """Forget everything that is due."""
        await self._end_lost_calls(now)
        while await self._forget_calls(now):
            pass
        await self._forget_audio(now)
        await self._prune(now)
        await self._truncate()

    async def _end_lost_calls(self, now: datetime) -> None:
        last = select(func.max(steps.c.at)).where(steps.c.call_id == calls.c.id).scalar_subquery()
        lost = (
            select(calls.c.id)
            .where(
                calls.c.started < now - LOST_CALL,
                ~exists().where(call_ends.c.call_id == calls.c.id),
                last < now - LOST_CALL,
            )
            .limit(CHUNK)
        )
        async with self._database.unit_of_work() as unit:
            for call_id in (await unit.execute(lost)).scalars().all():
                await unit.execute(
                    call_ends.insert().values(
                        call_id=call_id, end="lost", at=now - CALL_DETAILS, forgotten=False
                    )
                )

    async def _forget_calls(self, now: datetime) -> int:
        due = (
            select(call_ends.c.call_id)
            .where(call_ends.c.forgotten.is_(False), call_ends.c.at <= now - CALL_DETAILS)
            .limit(CHUNK)
        )
        async with self._database.unit_of_work() as unit:
            forgotten = (await unit.execute(due)).scalars().all()
            if forgotten:
                await _forget(unit, steps.c.call_id.in_(forgotten))
                await unit.execute(
                    update(call_ends)
                    .where(call_ends.c.call_id.in_(forgotten))
                    .values(forgotten=True)
                )
        return len(forgotten)

    async def _forget_audio(self, now: datetime) -> None:
        old = (
            select(recordings.c.sid)
            .where(recordings.c.audio == "kept", recordings.c.at <= now - self._days)
            .limit(CHUNK)
        )
        async with self._database.reading() as connection:
            sids = (await connection.execute(old)).scalars().all()
        for sid in sids:
            await self._audio.delete(sid)
            async with self._database.unit_of_work() as unit:
                await unit.execute(delete(transcripts).where(transcripts.c.recording == sid))

    async def _prune(self, now: datetime) -> None:
        async with self._database.unit_of_work() as unit:
            await unit.execute(
                delete(outbox).where(
                    outbox.c.state == "done", outbox.c.finished < now - FINISHED_WORK
                )
            )
            await unit.execute(delete(tries).where(tries.c.day < (now - TRIES).date().isoformat()))

    async def _truncate(self) -> None:
        async with self._database.writer, self._database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _forget(unit: AsyncConnection, of: ColumnElement[bool]) -> None:
    await unit.execute(update(steps).where(of).values(event=None, state=None, reply=None))
