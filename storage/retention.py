"""What is forgotten, and when: call details an hour after the end, audio after the time that the
caller was told. What is deleted leaves the file (`secure_delete`, then a truncated log)."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from routing.ports import Audio, JobKind
from storage.effects import enqueue, mails_of
from storage.ends import LIVE, keep_end, settle_later, settling
from storage.engine import Database
from storage.outbox import DEAD
from storage.recordings import StoredRecordings
from storage.tables.blocks import block_events
from storage.tables.calls import call_ends, calls, duties, joins, rings, steps, tokens
from storage.tables.cases import corrections, pin_sends, recordings, transcripts, tries
from storage.tables.outbox import JobState, mails, outbox
from storage.tables.pieces import pieces
from storage.tables.texts import texts

LOG: Final = structlog.get_logger()
CALL_DETAILS: Final = timedelta(hours=1)
LOST_CALL: Final = timedelta(hours=4)
"""A call whose end nobody could find out is taken to be over this long after its last step: longer
than any talk, and than the sweep gives the carrier to end it (`ivr.carrier.sweep`)."""
FINISHED_WORK: Final = timedelta(days=1)
FAILED_WORK: Final = timedelta(days=7)
"""A person may look into what failed for so long; then who it was for is dropped."""
WAITING_WORDS: Final = timedelta(days=1)
"""Pieces whose recording could not be fetched in all that time are no transcript any more."""
AUDIT: Final = timedelta(days=365)
"""Who turned a caller away can be asked for so long."""
TRIES: Final = timedelta(days=2)
JUMP: Final = timedelta(hours=2)
"""A clock that is further from where it should be is not believed, for CALM."""
CALM: Final = timedelta(days=1)
CHUNK: Final = 20
"""Calls or rows of one transaction: few, because steps wait for the writer meanwhile (20 ms is
the bound that an idle machine keeps)."""


class Retention:
    """One round at a time; `days` are those of audio, its words and the mails. What is due is
    looked for outside the writer's lock; each chunk vanishes from what is found, so every round
    ends. `ticks` are seconds of a clock that never jumps."""

    def __init__(
        self,
        database: Database,
        audio: StoredRecordings,
        days: int,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._audio = audio
        self._days = timedelta(days=days)
        self._ticks = ticks
        self._seen: tuple[datetime, float] | None = None
        self._doubted_until = float("-inf")

    async def run(self, now: datetime) -> None:
        """Forget everything that is due. Where our clock has jumped by hours, what is kept for
        days stays for another: a clock that is wrong must not delete what cannot be had again."""
        if self._believable(now):
            await self._end_lost_calls(now)
            await self._forget_audio(now)
            await self._prune_kept(now)
        await self._forget_calls(now)
        await self._forget_silence(now)
        await self._forget_pieces(now)
        await self._prune(now)
        await self._audio.sweep()
        await self._database.tidy()

    def _believable(self, now: datetime) -> bool:
        """Whether the clock goes on as time does, for a day now."""
        ticks = self._ticks()
        if self._seen is not None:
            passed = timedelta(seconds=ticks - self._seen[1])
            if abs(now - self._seen[0] - passed) > JUMP:
                LOG.error("retention.clock_jumped", what="nothing kept for days is deleted for one")
                self._doubted_until = ticks + CALM.total_seconds()
        self._seen = (now, ticks)
        return ticks >= self._doubted_until

    async def _found(self, query: Select[Any]) -> Sequence[Any]:
        """The next chunk of rows."""
        async with self._database.reading() as connection:
            rows: Sequence[Any] = (await connection.execute(query.limit(CHUNK))).all()
        return rows

    async def _end_lost_calls(self, now: datetime) -> None:
        """They end now, not in the past: what was being recorded is settled within the hour."""
        last = select(func.max(steps.c.at)).where(steps.c.call_id == calls.c.id).scalar_subquery()
        lost = select(calls.c.id).where(
            LIVE, calls.c.started <= now - LOST_CALL, last <= now - LOST_CALL
        )
        while found := await self._found(lost):

            def end(unit: Connection, over: Sequence[Any] = found) -> None:
                for (call_id,) in over:
                    keep_end(unit, call_id, None, now, None)
                    settle_later(unit, call_id, now)

            await self._database.brief(end)
            self._database.woken.set()

    async def _forget_calls(self, now: datetime) -> None:
        """Not those whose recording is still to be settled: that needs where the call stood."""
        at_work = exists().where(
            outbox.c.key == literal(settling("")) + call_ends.c.call_id,
            outbox.c.state.in_([JobState.READY.value, JobState.SENDING.value]),
        )
        due = select(call_ends.c.call_id).where(
            call_ends.c.forgotten.is_(False), call_ends.c.at <= now - CALL_DETAILS, ~at_work
        )
        while found := await self._found(due):
            over = [call_id for (call_id,) in found]
            async with self._database.unit_of_work() as unit:
                await unit.execute(
                    update(steps)
                    .where(steps.c.call_id.in_(over))
                    .values(event=None, state=None, reply=None)
                )
                await unit.execute(
                    update(call_ends).where(call_ends.c.call_id.in_(over)).values(forgotten=True)
                )

    async def _forget_silence(self, now: datetime) -> None:
        """A recording that no case took, nobody having spoken, is not fetched and would stay at
        the carrier. Once its call is forgotten nothing can take it any more."""
        unheard = (
            select(recordings.c.sid, recordings.c.audio, recordings.c.reference)
            .join(call_ends, call_ends.c.call_id == recordings.c.call_id)
            .where(
                recordings.c.audio == Audio.ANNOUNCED.value,
                recordings.c.reference.is_(None),
                call_ends.c.forgotten.is_(True),
            )
        )
        await self._forget_recordings(unheard, now)

    async def _forget_pieces(self, now: datetime) -> None:
        """Pieces of words go once they are a transcript, or belong to nothing that was kept."""
        of = and_(recordings.c.call_id == pieces.c.call_id, recordings.c.turn == pieces.c.turn)
        recorded = exists().where(of)
        joined = exists().where(of, transcripts.c.recording == recordings.c.sid)
        due = and_(pieces.c.at <= now - CALL_DETAILS, or_(joined, ~recorded))
        await self._drop(pieces, or_(due, pieces.c.at <= now - WAITING_WORDS))

    async def _forget_audio(self, now: datetime) -> None:
        """What was kept for as long as the caller was told."""
        old = select(recordings.c.sid, recordings.c.audio, recordings.c.reference).where(
            recordings.c.audio.in_([Audio.KEPT.value, Audio.ANNOUNCED.value]),
            recordings.c.at <= now - self._days,
        )
        await self._forget_recordings(old, now)

    async def _forget_recordings(self, of: Select[Any], now: datetime) -> None:
        """Words first, also in mails that were kept, then the sound, then its row: cut off
        anywhere, the next round goes on.
        What was not fetched in all that time is deleted at the carrier."""
        while found := await self._found(of):
            for sid, audio, reference in found:
                async with self._database.unit_of_work() as unit:
                    if reference is not None:
                        await unit.execute(mails_of(reference))
                    await unit.execute(delete(transcripts).where(transcripts.c.recording == sid))
                    await unit.execute(delete(corrections).where(corrections.c.recording == sid))
                    if audio == Audio.ANNOUNCED.value:
                        job = {"recording": sid}
                        await unit.execute(
                            enqueue(JobKind.DELETE_RECORDING, job, f"delete:{sid}", now, None)
                        )
                await self._audio.delete(sid)
            self._database.woken.set()

    async def _prune_kept(self, now: datetime) -> None:
        of_nothing = ~exists().where(recordings.c.sid == transcripts.c.recording)
        await self._drop(transcripts, and_(transcripts.c.at <= now - self._days, of_nothing))
        gone = recordings.c.audio == Audio.GONE.value
        of_one_gone = exists().where(recordings.c.sid == corrections.c.recording, gone)
        await self._drop(corrections, of_one_gone)
        await self._drop(mails, mails.c.at <= now - self._days)
        await self._drop(outbox, and_(DEAD, outbox.c.finished <= now - self._days))

    async def _prune(self, now: datetime) -> None:
        done = and_(outbox.c.state == JobState.DONE.value, outbox.c.finished <= now - FINISHED_WORK)
        await self._drop(outbox, done)
        before = (now - TRIES).date().isoformat()
        await self._drop(tries, tries.c.day < before)
        await self._drop(texts, texts.c.at <= now - TRIES)
        for table in (rings, tokens, duties, joins):
            await self._drop(table, table.c.at <= now - FINISHED_WORK)
        await self._drop(block_events, block_events.c.at <= now - AUDIT)
        await self._drop(pin_sends, pin_sends.c.day < before)
        await self._empty_failed(now)

    async def _drop(self, table: Table, of: ColumnElement[bool]) -> None:
        """Delete these rows, a chunk at a time."""
        key = tuple(table.primary_key.columns)
        while found := await self._found(select(*key).where(of)):
            async with self._database.unit_of_work() as unit:
                await unit.execute(
                    delete(table).where(tuple_(*key).in_([tuple(row) for row in found]))
                )

    async def _empty_failed(self, now: datetime) -> None:
        """That it failed, and why, stays."""
        failed = select(outbox.c.id).where(
            outbox.c.state == JobState.DEAD.value,
            outbox.c.finished <= now - FAILED_WORK,
            outbox.c.payload != "{}",
        )
        while found := await self._found(failed):
            async with self._database.unit_of_work() as unit:
                ids = [identity for (identity,) in found]
                await unit.execute(update(outbox).where(outbox.c.id.in_(ids)).values(payload="{}"))
