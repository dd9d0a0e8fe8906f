"""Words that the carrier hears while it records: kept piece by piece, in whatever order and however
often they come, and joined to one transcript of their recording. Implements `Pieces`."""

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from ivr.conversation.pieces import Piece
from ivr.ports.recordings import Transcript
from ivr.transcription.engines import Carrier
from routing.ports import JobKind
from storage.effects import enqueue
from storage.engine import Database
from storage.tables.cases import recordings, transcripts
from storage.tables.pieces import pieces

SOURCE: Final = Carrier.name
"""What the transcript that they become is marked with."""


class StoredPieces:
    """A piece that comes after its transcript was written makes it whole, and has it read again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, call_id: str, turn: int, piece: Piece, at: datetime) -> None:
        """Keep one piece; a repeat changes nothing."""
        row = insert(pieces).values(
            call_id=call_id,
            turn=turn,
            session=piece.session,
            track=piece.track,
            sequence=piece.sequence,
            text=piece.text,
            at=at,
        )

        def hold(unit: Connection) -> None:
            sid = unit.execute(_recording(call_id, turn)).scalar()
            if sid is not None:
                self._database.take_turns(unit, _turns(sid))
            new = unit.execute(row.on_conflict_do_nothing()).rowcount
            if new and sid is not None and _rewritten(unit, sid):
                told = f"{sid}:{piece.session}:{piece.track}:{piece.sequence}"
                unit.execute(enqueue(JobKind.HEED, {"recording": sid}, f"heed:{told}", at, None))
                anew = {"recording": sid, "source": SOURCE}
                unit.execute(enqueue(JobKind.SORT, anew, f"sort:{told}", at, None))

        await self._database.brief(hold)
        self._database.woken.set()

    async def words(self, sid: str) -> str | None:
        """All that was heard in a recording so far, None where nothing was."""
        return _joined([row.text for row in await self._database.read(_of(sid))])


def keep_words(
    database: Database, unit: Connection, sid: str, words: Transcript, at: datetime
) -> None:
    """Inside brief work: keep `words` beside their recording, to be read for danger and for what
    their case is about, and told to the office; the carrier's as its pieces are now. A repeat
    changes nothing."""
    database.take_turns(unit, _turns(sid))
    known = _now(unit, sid) if words.source == SOURCE else None
    row = {
        "recording": sid,
        "source": words.source,
        "text": known or words.text,
        "confidence": words.confidence,
        "phrases": _phrases(words),
        "at": at,
    }
    unit.execute(insert(transcripts).values(row).on_conflict_do_nothing())
    heed = f"heed:{sid}:{words.source}"
    unit.execute(enqueue(JobKind.HEED, {"recording": sid}, heed, at, None))
    told = {"recording": sid, "source": words.source}
    unit.execute(enqueue(JobKind.SORT, told, f"sort:{sid}:{words.source}", at, None))
    unit.execute(enqueue(JobKind.TELL_WORDS, told, f"words:{sid}:{words.source}", at, None))


def _phrases(words: Transcript) -> str | None:
    """Length and confidence of each, as JSON: no word stands twice in a row."""
    told = [[one.length, one.confidence] for one in words.phrases]
    return json.dumps(told) if told else None


def _turns(sid: str) -> str:
    return f"words {sid}"


def _recording(call_id: str, turn: int) -> Select[Any]:
    return select(recordings.c.sid).where(
        recordings.c.call_id == call_id, recordings.c.turn == turn
    )


def _of(sid: str) -> Select[Any]:
    """The pieces of a recording, in the order in which they were spoken."""
    same = (recordings.c.call_id == pieces.c.call_id) & (recordings.c.turn == pieces.c.turn)
    return (
        select(pieces.c.text)
        .join(recordings, same)
        .where(recordings.c.sid == sid)
        .order_by(pieces.c.session, pieces.c.track, pieces.c.sequence)
    )


def _now(unit: Connection, sid: str) -> str | None:
    return _joined([row.text for row in unit.execute(_of(sid))])


def _joined(texts: list[str]) -> str | None:
    """Chinese is written without spaces between."""
    between = " " if all(text.isascii() for text in texts) else ""
    return between.join(texts) or None


def _rewritten(unit: Connection, sid: str) -> bool:
    """Whether there was a transcript already, which holds the new piece now."""
    change = (
        update(transcripts)
        .where(transcripts.c.recording == sid, transcripts.c.source == SOURCE)
        .values(text=_now(unit, sid))
    )
    return bool(unit.execute(change).rowcount)
