"""An office's cases as its page shows them, the mark of danger, and that a case is accepted.
Implements `routing.ports.OfficeCases`, `routing.casework.CaseMoves` and
`ivr.transcription.errand.Statements`."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from ivr.conversation.messages import PLAN_TURN
from ivr.ports.recordings import Recordings
from routing.audit import Entry
from routing.cases.case import ANSWERED, ENDS, CaseState, Confidentiality
from routing.cases.deadlines import danger_due
from routing.cases.kinds import About, Kind
from routing.cases.moves import CaseMove
from routing.cases.sorting import Doubt, Unclear
from routing.cases.transitions import Actor
from routing.cases.words import Correction, Phrase, Words
from routing.ports import (
    Audio,
    FirstTold,
    JobKind,
    KeptRecording,
    OfficeCase,
    OfficeCount,
    Statement,
)
from storage.acceptance import accept
from storage.audit import append, append_once
from storage.beneath import Read
from storage.corrections import corrections_of, corrections_of_case
from storage.effects import enqueue
from storage.engine import Database
from storage.moves import OF_CASE, of_cases, trail, trails
from storage.recordings import BEING_WRITTEN
from storage.sorting import UNSORTED
from storage.tables.cases import (
    case_callers,
    case_events,
    case_sortings,
    cases,
    recordings,
    transcripts,
)
from storage.told import first_told

SHOWN: Final = 200
OPEN: Final = cases.c.state.not_in([state.value for state in ENDS])
UNANSWERED: Final = cases.c.state.not_in([state.value for state in ANSWERED])
URGENT: Final = and_(cases.c.danger, OPEN)


class StoredCases:
    """Reads, but for the mark of danger; a case is moved by its use case alone (`casework`)."""

    def __init__(self, database: Database, audio: Recordings, zone: tzinfo = UTC) -> None:
        """`zone` is that in which the time by which a danger is answered is a round one."""
        self._database = database
        self._audio = audio
        self._zone = zone

    async def offices(self, now: datetime) -> Sequence[OfficeCount]:
        """The offices that have cases, the latest first."""
        latest = func.max(cases.c.opened, type_=cases.c.opened.type)
        query = (
            select(
                cases.c.office,
                func.count().label("cases"),
                func.count().filter(cases.c.danger).label("danger"),
                latest.label("latest"),
                func.count().filter(OPEN).label("open"),
                func.count().filter(UNANSWERED, cases.c.due < now).label("overdue"),
            )
            .group_by(cases.c.office)
            .order_by(latest.desc(), cases.c.office)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [OfficeCount(r.office, r.cases, r.danger, r.latest, r.open, r.overdue) for r in rows]

    async def cases(self, office: str) -> Sequence[OfficeCase]:
        """An office's cases: open ones with danger first, then newest first."""
        query = _cases().where(cases.c.office == office)
        order = (URGENT.desc(), cases.c.opened.desc(), cases.c.reference)
        return await self._read(query.order_by(*order).limit(SHOWN))

    async def case(self, reference: str) -> OfficeCase | None:
        """One case: what each mail of it begins with."""
        rows = await self._database.look(CASE, of=reference)
        if not rows:
            return None
        sounds = await self._database.look(ITS_SOUNDS, of=reference)
        moves = await self._database.look(OF_CASE, of=reference) if rows[0].read else ()
        heard = await corrections_of_case(self._database, reference)
        return _case(rows[0], sounds, heard, trail(moves))

    async def audio(self, sid: str) -> bytes | None:
        """A recording's WAV."""
        return await self._audio.read(sid)

    async def statement(self, sid: str) -> Statement | None:
        """The words of a recording, also of one that no webhook has told of yet; None without."""
        query = (
            select(recordings.c.reference, transcripts.c.text)
            .select_from(transcripts)
            .join(recordings, recordings.c.sid == transcripts.c.recording, isouter=True)
            .where(transcripts.c.recording == sid)
        )
        rows = await self._database.read(query)
        return Statement(rows[0].reference, tuple(row.text for row in rows)) if rows else None

    async def first_told(self, reference: str, channel: str = "") -> FirstTold | None:
        """How the case was first told by this channel, else by mail."""
        return await first_told(self._database, reference, channel)

    async def mark_danger(self, reference: str, now: datetime) -> bool:
        """Mark it, note that the system did, tell its office again: once, in one transaction. It is
        answered as a danger that its caller told by a key is: a day after the call, never later
        than it was to be."""
        calm = select(cases.c.office, cases.c.state, cases.c.opened, cases.c.due).where(
            cases.c.reference == reference, cases.c.danger.is_(False)
        )
        mark = update(cases).where(cases.c.reference == reference)

        def once(unit: Connection) -> bool:
            case = unit.execute(calm).one_or_none()
            if case is None:
                return False
            due = min(case.due, danger_due(case.opened, self._zone))
            unit.execute(mark.values(danger=True, due=due))
            unit.execute(insert(case_events).values(_danger_noted(reference, case.state, now)))
            payload = {"reference": reference, "office": case.office, "danger": True}
            unit.execute(
                enqueue(JobKind.TELL_OFFICE, payload, f"danger:{reference}", now, reference)
            )
            return True

        marked = await self._database.brief(once)
        self._database.woken.set()
        return marked

    async def accept(
        self, reference: str, by: str, at: datetime, entry: Entry | None = None
    ) -> bool:
        """Sign for it, in one transaction. False where that was done already. Raises UnknownCase,
        IllegalTransition."""

        def once(unit: Connection) -> bool:
            done = accept(unit, reference, by, at)
            if done and entry is not None:
                append(unit, entry)
            return done

        return await self._database.brief(once)

    async def note_opened(self, entry: Entry, since: datetime) -> None:
        """Once: a page that is looked at renews itself."""
        await append_once(self._database, entry, since)

    async def _read(self, query: Select[Any]) -> Sequence[OfficeCase]:
        rows = await self._database.read(query)
        all_of_them = recordings.c.reference.in_([row.reference for row in rows])
        sounds = await self._database.read(_sounds(all_of_them))
        by_case: dict[str, list[Row[Any]]] = {}
        for sound in sounds:
            by_case.setdefault(sound.reference, []).append(sound)
        corrected = await corrections_of(self._database, [sound.sid for sound in sounds])
        read = [row.reference for row in rows if row.read]
        moved = trails(await self._database.read(of_cases(read))) if read else {}
        return [
            _case(row, by_case.get(row.reference, []), corrected, moved.get(row.reference, ()))
            for row in rows
        ]


def _danger_noted(reference: str, state: str, now: datetime) -> dict[str, Any]:
    """An audit row that changes no state."""
    return {
        "reference": reference,
        "from_state": state,
        "to_state": state,
        "actor": Actor.SYSTEM.value,
        "note": "words of danger in a recording",
        "at": now,
    }


def _cases() -> Select[Any]:
    sorting = case_sortings.c
    columns = (sorting.why, sorting.topics, sorting.recording, sorting.source)
    same = (case_callers.c.reference == cases.c.reference, sorting.reference == cases.c.reference)
    return (
        select(
            cases,
            case_callers.c.tail,
            sorting.reference.label("read"),
            UNSORTED.label("unsorted"),
            *columns,
        )
        .join(case_callers, same[0], isouter=True)
        .join(case_sortings, same[1], isouter=True)
    )


def _sounds(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            recordings.c.reference,
            recordings.c.sid,
            recordings.c.seconds,
            recordings.c.audio,
            BEING_WRITTEN.label("being_written"),
            transcripts.c.text,
            transcripts.c.source,
            transcripts.c.confidence,
            transcripts.c.phrases,
        )
        .join(transcripts, transcripts.c.recording == recordings.c.sid, isouter=True)
        .where(which)
        .order_by(recordings.c.at, recordings.c.sid, transcripts.c.at, transcripts.c.source)
    )


CASE: Final = Read(_cases().where(cases.c.reference == bindparam("of")))
ITS_SOUNDS: Final = Read(_sounds(recordings.c.reference == bindparam("of")))


def _case(
    row: Row[Any],
    sounds: Sequence[Row[Any]],
    corrected: Mapping[str, tuple[Correction, ...]],
    moves: tuple[CaseMove, ...],
) -> OfficeCase:
    left = row.turn == PLAN_TURN
    # An enquiry is what a case is where no kind was told; its topic is the number's own then.
    made_up = left and row.kind == Kind.ENQUIRY.value
    decided = row.read is not None and row.why is None
    return OfficeCase(
        reference=row.reference,
        office=row.office,
        dialled=row.dialled,
        kind=None if made_up else Kind(row.kind),
        about=None if row.about is None else About(row.about),
        topic=None if made_up and not decided else row.topic,
        state=CaseState(row.state),
        confidentiality=Confidentiality(row.confidentiality),
        danger=row.danger,
        language=row.language,
        caller=_caller(row),
        opened_at=row.opened,
        due=row.due,
        group_of=row.group_of,
        recordings=tuple(_recordings(sounds, corrected)),
        left_in_outage=left,
        unsorted=row.unsorted,
        trail=moves,
        to_sort=_to_sort(row) if row.unsorted else None,
    )


def _to_sort(row: Row[Any]) -> Unclear | None:
    return Unclear(Doubt(row.why), tuple(row.topics.split())) if row.why else None


def _caller(row: Row[Any]) -> str | None:
    """The masked number; a sealed caller's last digits are sealed too (hotline §1.6)."""
    named: bool = row.confidentiality == Confidentiality.NAMED.value
    return f"…{row.tail}" if named and row.tail is not None else None


def _recordings(
    sounds: Sequence[Row[Any]], corrected: Mapping[str, tuple[Correction, ...]]
) -> Sequence[KeptRecording]:
    found: dict[str, tuple[Row[Any], list[Words]]] = {}
    for row in sounds:
        words = found.setdefault(row.sid, (row, []))[1]
        if row.text is not None:
            phrases = tuple(Phrase(*one) for one in json.loads(row.phrases or "[]"))
            words.append(Words(row.text, row.source, row.confidence, phrases))
    return [
        KeptRecording(
            sid,
            row.seconds,
            Audio(row.audio),
            tuple(words),
            corrected.get(sid, ()),
            being_written=bool(row.being_written),
        )
        for sid, (row, words) in found.items()
    ]
