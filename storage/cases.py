"""An office's cases as its page shows them. Implements `routing.ports.OfficeCases`."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, func, select

from ivr.ports import Recordings
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import About, Kind
from routing.ports import Audio, KeptRecording, OfficeCase, OfficeCount, Words
from storage.engine import Database
from storage.tables.cases import case_callers, cases, recordings, transcripts

SHOWN: Final = 200


class StoredCases:
    """Reads only; every change of a case goes through its use case."""

    def __init__(self, database: Database, audio: Recordings) -> None:
        self._database = database
        self._audio = audio

    async def offices(self) -> Sequence[OfficeCount]:
        """The offices that have cases, the latest first."""
        latest = func.max(cases.c.opened, type_=cases.c.opened.type)
        query = (
            select(
                cases.c.office,
                func.count().label("cases"),
                func.sum(cases.c.danger).label("danger"),
                latest.label("latest"),
            )
            .group_by(cases.c.office)
            .order_by(latest.desc(), cases.c.office)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [OfficeCount(r.office, r.cases, int(r.danger or 0), r.latest) for r in rows]

    async def cases(self, office: str) -> Sequence[OfficeCase]:
        """An office's cases, newest first."""
        query = _cases().where(cases.c.office == office)
        newest = (cases.c.opened.desc(), cases.c.reference)
        return await self._read(query.order_by(*newest).limit(SHOWN))

    async def case(self, reference: str) -> OfficeCase | None:
        """One case."""
        found = await self._read(_cases().where(cases.c.reference == reference))
        return found[0] if found else None

    async def audio(self, sid: str) -> bytes | None:
        """A recording's WAV."""
        return await self._audio.read(sid)

    async def _read(self, query: Select[Any]) -> Sequence[OfficeCase]:
        rows = await self._database.read(query)
        sounds = await self._database.read(_sounds([row.reference for row in rows]))
        by_case: dict[str, list[Row[Any]]] = {}
        for sound in sounds:
            by_case.setdefault(sound.reference, []).append(sound)
        return [_case(row, by_case.get(row.reference, [])) for row in rows]


def _cases() -> Select[Any]:
    return select(cases, case_callers.c.tail).join(
        case_callers, case_callers.c.reference == cases.c.reference, isouter=True
    )


def _sounds(references: Sequence[str]) -> Select[Any]:
    return (
        select(
            recordings.c.reference,
            recordings.c.sid,
            recordings.c.seconds,
            recordings.c.audio,
            transcripts.c.text,
            transcripts.c.source,
        )
        .join(transcripts, transcripts.c.recording == recordings.c.sid, isouter=True)
        .where(recordings.c.reference.in_(references))
        .order_by(recordings.c.at, recordings.c.sid, transcripts.c.at, transcripts.c.source)
    )


def _case(row: Row[Any], sounds: Sequence[Row[Any]]) -> OfficeCase:
    return OfficeCase(
        reference=row.reference,
        office=row.office,
        dialled=row.dialled,
        kind=Kind(row.kind),
        about=None if row.about is None else About(row.about),
        topic=row.topic,
        state=CaseState(row.state),
        confidentiality=Confidentiality(row.confidentiality),
        danger=row.danger,
        language=row.language,
        caller=_caller(row),
        opened_at=row.opened,
        due=row.due,
        group_of=row.group_of,
        recordings=tuple(_recordings(sounds)),
    )


def _caller(row: Row[Any]) -> str | None:
    """The masked number; a sealed caller's last digits are sealed too (hotline §1.6)."""
    named: bool = row.confidentiality == Confidentiality.NAMED.value
    return f"…{row.tail}" if named and row.tail is not None else None


def _recordings(sounds: Sequence[Row[Any]]) -> Sequence[KeptRecording]:
    found: dict[str, tuple[Row[Any], list[Words]]] = {}
    for row in sounds:
        words = found.setdefault(row.sid, (row, []))[1]
        if row.text is not None:
            words.append(Words(row.text, row.source))
    return [
        KeptRecording(sid, row.seconds, Audio(row.audio), tuple(words))
        for sid, (row, words) in found.items()
    ]
