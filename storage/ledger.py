"""What is missing, read from the rows that exist, and what the sweeps noted of it (ADR 16).
Implements `routing.ledger.Books` and `routing.ledger.Ledger`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from routing.ledger import (
    OF_WORK,
    WORKED_FOR,
    Gap,
    GapKind,
    GivenUp,
    Note,
    Round,
    Why,
    Work,
    number_of,
)
from routing.ports import Audio, JobKind
from routing.undelivered import BACK
from storage.again import EMPTY, ready
from storage.effects import enqueue
from storage.ends import LIVE
from storage.engine import Database
from storage.outbox import DEAD, WAITING
from storage.tables.calls import call_ends, calls, steps
from storage.tables.cases import recordings
from storage.tables.ledger import gaps, rounds
from storage.tables.outbox import JobState, outbox

MOST: Final = 500
"""Rows of one kind that a sweep looks at, the longest missing first: it comes again soon."""
SHOWN: Final = 200
SWEEP: Final = "sweep"
COUNTED: Final = ~gaps.c.aside
GAP_OF: Final = case(
    {kind: expected.kind.value for kind, expected in OF_WORK.items()}, value=outbox.c.kind
)
"""What is missing as long as the work is not done."""

KEYS: Final = select(gaps.c.kind, gaps.c.subject)
MENDED: Final = delete(gaps).where(
    gaps.c.kind == bindparam("of"), gaps.c.subject == bindparam("which")
)
"""Row by row: as a list of what stays, many gaps would be more than a statement can hold."""


def _noting() -> Executable:
    row = insert(gaps)
    renewed = ("since", "why", "tried", "tried_at", "told", "reference")
    new = {name: row.excluded[name] for name in renewed}
    return row.on_conflict_do_update(index_elements=["kind", "subject"], set_=new)


NOTE: Final = _noting()
"""A gap's row; what a person put aside meanwhile stays so."""


class StoredLedger:
    """Reads by indexes that hold only what is not finished; writes a round as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def silent_calls(self, before: datetime) -> Sequence[tuple[str, datetime]]:
        """Calls without an end, and when their last step was."""
        last = (
            select(func.max(steps.c.at, type_=steps.c.at.type))
            .where(steps.c.call_id == calls.c.id)
            .scalar_subquery()
        )
        query = (
            select(calls.c.id, last.label("last"))
            .where(LIVE, calls.c.started <= before, last <= before)
            .order_by(calls.c.started)
            .limit(MOST)
        )
        return [(row.id, row.last) for row in await self._database.read(query)]

    async def ended(self, calls: Sequence[str]) -> frozenset[str]:
        """Which of these calls have an end."""
        query = select(call_ends.c.call_id).where(call_ends.c.call_id.in_(calls))
        return frozenset(row.call_id for row in await self._database.read(query))

    async def late_work(self, before: datetime) -> Sequence[Work]:
        """What is late, then what was given up, the latest first."""
        late = select(outbox).where(WAITING, outbox.c.enqueued <= before)
        dead = select(outbox).where(DEAD)
        rows = [
            *await self._database.read(late.order_by(outbox.c.enqueued).limit(MOST)),
            *await self._database.read(dead.order_by(outbox.c.finished.desc()).limit(MOST)),
        ]
        of_words = await self._cases_of(rows)
        return [_work(row, of_words) for row in rows]

    async def work(self, jobs: Sequence[int]) -> Sequence[Work]:
        """Those of this work that wait still, or were given up."""
        found: list[Work] = []
        for start in range(0, len(jobs), MOST):
            some = outbox.c.id.in_(jobs[start : start + MOST])
            query = select(outbox).where(some, outbox.c.state != JobState.DONE.value)
            rows = await self._database.read(query)
            of_words = await self._cases_of(rows)
            found += [_work(row, of_words) for row in rows]
        return found

    async def _cases_of(self, rows: Sequence[Row[Any]]) -> Mapping[int, str]:
        """The cases of work that names a recording alone, by its number."""
        sids = {row.id: sid for row in rows if (sid := orjson.loads(row.payload).get("recording"))}
        if not sids:
            return {}
        query = select(recordings.c.sid, recordings.c.reference).where(
            recordings.c.sid.in_(sorted(set(sids.values()))), recordings.c.reference.is_not(None)
        )
        known = {row.sid: row.reference for row in await self._database.read(query)}
        return {job: known[sid] for job, sid in sids.items() if sid in known}

    async def unfetched(self, before: datetime) -> Sequence[tuple[str, str, datetime]]:
        """Recordings of cases that are not kept here and that no work will fetch."""
        at_work = exists().where(
            outbox.c.key == literal(_fetching("")) + recordings.c.sid, or_(WAITING, DEAD)
        )
        query = (
            select(recordings.c.sid, recordings.c.reference, recordings.c.at)
            .where(
                recordings.c.audio == Audio.ANNOUNCED.value,
                recordings.c.at <= before,
                recordings.c.reference.is_not(None),
                ~at_work,
            )
            .order_by(recordings.c.at)
            .limit(MOST)
        )
        return [(row.sid, row.reference, row.at) for row in await self._database.read(query)]

    async def unknown(self, recordings: Sequence[str]) -> frozenset[str]:
        """Which of these recordings no row knows."""
        known: set[str] = set()
        for start in range(0, len(recordings), MOST):
            known |= await self._known(recordings[start : start + MOST])
        return frozenset(recordings) - known

    async def _known(self, sids: Sequence[str]) -> set[str]:
        query = select(recordings.c.sid).where(recordings.c.sid.in_(sids))
        return {row.sid for row in await self._database.read(query)}

    async def fetch(self, recording: str, reference: str, now: datetime) -> None:
        """Have a recording fetched, also where that was done once."""
        key = _fetching(recording)
        done = and_(outbox.c.key == key, outbox.c.state == JobState.DONE.value)
        work = enqueue(JobKind.FETCH_RECORDING, {"recording": recording}, key, now, reference)

        def anew(unit: Connection) -> None:
            unit.execute(delete(outbox).where(done))
            unit.execute(work)

        await self._database.brief(anew)
        self._database.woken.set()

    async def again(self, job: int, now: datetime, *, looks: bool = False) -> bool:
        """One more try of what was given up, or (`looks`) one look for it at the carrier. Its
        count of attempts goes on: a text that may have gone out is looked up before it is sent."""
        found = await self._database.brief(lambda unit: ready(unit, job, now, DEAD, looks=looks))
        self._database.woken.set()
        return found

    async def notes(self) -> Sequence[Note]:
        """What earlier sweeps noted."""
        return [_note(row) for row in await self._database.read(select(gaps))]

    async def listed(self) -> datetime | None:
        """Up to when the carrier's recordings are known."""
        for row in await self._database.read(select(rounds.c.listed).where(rounds.c.name == SWEEP)):
            listed: datetime | None = row.listed
            return listed
        return None

    async def keep_round(self, of: Round, missing: Sequence[Note], listed: datetime | None) -> None:
        """In place of what earlier sweeps found, in one transaction."""
        row: dict[str, Any] = {"at": of.at, "mended": of.mended, "answered": of.answered}
        if listed is not None:
            row["listed"] = listed
        ended = insert(rounds).values(name=SWEEP, **row)
        ended = ended.on_conflict_do_update(index_elements=["name"], set_=row)
        still = {(note.gap.kind.value, note.gap.subject) for note in missing}

        def keep(unit: Connection) -> None:
            unit.execute(ended)
            noted = {(row.kind, row.subject) for row in unit.execute(KEYS)}
            mended = [{"of": kind, "which": subject} for kind, subject in noted - still]
            if mended:
                unit.execute(MENDED, mended)
            if missing:
                unit.execute(NOTE, [_row(note) for note in missing])

        await self._database.brief(keep)

    async def gaps(self) -> Sequence[Gap]:
        """What is missing, the longest missing first."""
        query = select(gaps).where(COUNTED).order_by(gaps.c.since, gaps.c.subject).limit(SHOWN)
        found = [_note(row).gap for row in await self._database.read(query)]
        return await self._with_work(found)

    async def _with_work(self, found: Sequence[Gap]) -> Sequence[Gap]:
        """With the kind of the work whose number is the subject."""
        subjects = (number_of(gap.subject) for gap in found if gap.kind in WORKED_FOR)
        which = outbox.c.id.in_(sorted(filter(None, subjects)))
        rows = await self._database.read(select(outbox.c.id, outbox.c.kind).where(which))
        kinds = {(OF_WORK[r.kind].kind, str(r.id)): r.kind for r in rows if r.kind in OF_WORK}
        return [replace(gap, work=kinds.get((gap.kind, gap.subject), "")) for gap in found]

    async def counts(self) -> Mapping[GapKind, int]:
        """How much is missing of each kind: what was noted, and the work that was missing at the
        last sweep without a note, since it looks at so much only."""
        query = select(gaps.c.kind, func.count().label("many")).where(COUNTED)
        rows = await self._database.read(query.group_by(gaps.c.kind))
        found = Counter({GapKind(row.kind): row.many for row in rows})
        last = await self.last_round()
        for beyond in () if last is None else _beyond(last.at):
            for row in await self._database.read(beyond):
                found[OF_WORK[row.kind].kind] += row.many
        return found

    async def last_round(self) -> Round | None:
        """The last sweep."""
        query = select(rounds).where(rounds.c.name == SWEEP)
        for row in await self._database.read(query):
            return Round(row.at, row.mended, row.answered)
        return None

    async def given_up(self) -> Sequence[GivenUp]:
        """The latest work that was given up, newest first."""
        query = select(outbox).where(DEAD)
        order = (outbox.c.finished.desc(), outbox.c.id.desc())
        rows = await self._database.read(query.order_by(*order).limit(SHOWN))
        of_words = await self._cases_of(rows)
        return [
            GivenUp(
                id=row.id,
                kind=row.kind,
                attempts=row.attempts,
                finished=row.finished,
                error=row.error or "",
                reference=row.reference or of_words.get(row.id),
                whole=row.payload != EMPTY,
            )
            for row in rows
        ]

    async def put_aside(self, kind: GapKind, subject: str) -> bool:
        """A person has seen to it."""
        change = update(gaps).where(COUNTED, _same(kind, subject)).values(aside=True)
        return await self._database.brief(lambda unit: bool(unit.execute(change).rowcount))


def _beyond(at: datetime) -> Sequence[Select[Any]]:
    """How much work of each kind was late at that time, or given up by then, and has no note."""
    noted = exists().where(gaps.c.kind == GAP_OF, gaps.c.subject == cast(outbox.c.id, String))
    late = or_(
        *(
            and_(outbox.c.kind == kind, outbox.c.enqueued <= at - expected.within)
            for kind, expected in OF_WORK.items()
        )
    )
    dead = and_(outbox.c.kind.in_(OF_WORK), outbox.c.finished <= at)
    many = select(outbox.c.kind, func.count().label("many")).group_by(outbox.c.kind)
    return [many.where(WAITING, late, ~noted), many.where(DEAD, dead, ~noted)]


def _fetching(sid: str) -> str:
    """The key of the work that fetches a recording (`storage.effects`)."""
    return f"fetch:{sid}"


def _same(kind: GapKind, subject: str) -> ColumnElement[bool]:
    return and_(gaps.c.kind == kind.value, gaps.c.subject == subject)


def _work(row: Row[Any], of_words: Mapping[int, str]) -> Work:
    return Work(
        id=row.id,
        kind=row.kind,
        due=row.enqueued,
        given_up=row.finished if row.state == JobState.DEAD.value else None,
        told=row.error or "",
        reference=row.reference or of_words.get(row.id),
        whole=row.payload != EMPTY,
        came_back=BACK in orjson.loads(row.payload),
    )


def _note(row: Row[Any]) -> Note:
    gap = Gap(
        kind=GapKind(row.kind),
        subject=row.subject,
        since=row.since,
        why=Why(row.why),
        tried=row.tried,
        told=row.told,
        reference=row.reference,
    )
    return Note(gap, row.tried_at, row.aside)


def _row(note: Note) -> dict[str, Any]:
    gap = note.gap
    return {
        "kind": gap.kind.value,
        "subject": gap.subject,
        "since": gap.since,
        "why": gap.why.value,
        "tried": gap.tried,
        "tried_at": note.tried_at,
        "told": gap.told,
        "reference": gap.reference,
        "aside": note.aside,
    }
