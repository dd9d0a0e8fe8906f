"""What people heard in recordings: kept beside a machine's words, which stay as they are.
Implements `routing.ports.Corrections`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, insert, select

from routing.audit import Entry
from routing.cases.corrections import MOST_OF_ONE, Wrong
from routing.cases.words import Correction
from routing.ports import Audio
from storage.audit import append
from storage.beneath import Read
from storage.engine import Database
from storage.tables.cases import corrections, recordings


class StoredCorrections:
    """Each stays as it was written; a later one stands before it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def correct(
        self, reference: str, sid: str, written: Correction, entry: Entry | None = None
    ) -> Wrong | None:
        """Keep it, unless the recording is gone meanwhile: nothing would ever take it away then."""
        row = {"recording": sid, "text": written.text, "by": written.by, "at": written.at}
        many = select(func.count()).where(corrections.c.recording == sid)

        def keep(unit: Connection) -> Wrong | None:
            if unit.execute(_kept(reference, sid).with_for_update()).first() is None:
                return Wrong.GONE
            if unit.execute(many).scalar_one() >= MOST_OF_ONE:
                return Wrong.FULL
            unit.execute(insert(corrections).values(row))
            if entry is not None:
                append(unit, entry)
            return None

        return await self._database.brief(keep)


async def corrections_of(
    database: Database, sids: Sequence[str]
) -> Mapping[str, tuple[Correction, ...]]:
    """By recording, the newest first."""
    return _by_recording(await database.read(_written(corrections.c.recording.in_(sids))))


async def corrections_of_case(
    database: Database, reference: str
) -> Mapping[str, tuple[Correction, ...]]:
    """The same of all recordings of one case, which each of its mails asks for."""
    return _by_recording(await database.look(OF_CASE, of=reference))


def _written(which: ColumnElement[bool]) -> Select[Any]:
    newest = corrections.c.at.desc(), corrections.c.id.desc()
    return select(corrections).where(which).order_by(*newest)


_ITS: Final = select(recordings.c.sid).where(recordings.c.reference == bindparam("of"))
OF_CASE: Final = Read(_written(corrections.c.recording.in_(_ITS)))


def _by_recording(rows: Sequence[Any]) -> Mapping[str, tuple[Correction, ...]]:
    found: dict[str, tuple[Correction, ...]] = {}
    for row in rows:
        written = Correction(row.text, row.by, row.at)
        found[row.recording] = (*found.get(row.recording, ()), written)
    return found


def _kept(reference: str, sid: str) -> Select[Any]:
    return select(recordings.c.sid).where(
        recordings.c.sid == sid,
        recordings.c.reference == reference,
        recordings.c.audio != Audio.GONE.value,
    )
