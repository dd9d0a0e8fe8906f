"""What did not arrive, read from the outbox's own rows, and sent again from there.
Implements `routing.undelivered.Undelivered`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select

from routing.audit import Entry
from routing.numbers.forms import masked
from routing.ports import JobKind
from routing.undelivered import BACK, LONG, TELLING, Fate, Missed
from storage.again import EMPTY, MARKED, ready, ready_each, ready_plain
from storage.audit import append
from storage.engine import Database
from storage.outbox import DEAD, WAITING
from storage.sealing import Sealing
from storage.tables.cases import cases, recordings
from storage.tables.outbox import JobState, outbox
from storage.tables.outgoing import outgoing

SHOWN: Final = 200
AT_ONCE, MARKED_AT_ONCE = 200, 10
"""Rows that one transaction makes ready, at one stroke or one by one: calls wait for the writer
meanwhile."""
OF_KIND: Final = outbox.c.kind.in_(sorted(kind.value for kind in TELLING))
TRYING: Final = and_(WAITING, outbox.c.error.is_not(None))
"""Tried without success, and in nobody's hand: a claim drops the error."""
GIVEN_UP: Final = (
    select(outbox)
    .where(DEAD, OF_KIND)
    .order_by(outbox.c.finished.desc(), outbox.c.id.desc())
    .limit(SHOWN)
)
TRIED_LONG: Final = (
    select(outbox)
    .where(TRYING, OF_KIND, outbox.c.enqueued <= bindparam("before", type_=outbox.c.run_at.type))
    .order_by(outbox.c.enqueued, outbox.c.id)
    .limit(SHOWN)
)
COUNTED: Final = (
    select(outbox.c.kind, func.count().label("many")).where(DEAD, OF_KIND).group_by(outbox.c.kind)
)

TEXTS: Final = frozenset({JobKind.SMS.value, JobKind.TEXT_OFFICE.value})

Payload = Mapping[str, Any]


BY_OFFICE: Final = (
    select(cases.c.office, func.count().label("many"))
    .join(outbox, outbox.c.reference == cases.c.reference)
    .where(DEAD, OF_KIND)
    .group_by(cases.c.office)
)


class StoredUndelivered:
    """`sealing` opens the numbers of calls that we place, to show their last two digits."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def missed(self, now: datetime) -> Sequence[Missed]:
        """What did not arrive, then what is tried for long."""
        read = self._database.read
        rows = [*await read(GIVEN_UP), *await read(TRIED_LONG, before=now - LONG)]
        payloads = [orjson.loads(row.payload) for row in rows]
        of_words = await self._cases_of(payloads)
        references = [
            row.reference or payload.get("reference") or of_words.get(payload.get("recording"))
            for row, payload in zip(rows, payloads, strict=True)
        ]
        offices = await self._offices(filter(None, references))
        phones = await self._phones(payloads)
        return [
            _missed(row, payload, reference, offices.get(reference), phones)
            for row, payload, reference in zip(rows, payloads, references, strict=True)
        ]

    async def _cases_of(self, payloads: Iterable[Payload]) -> Mapping[str, str]:
        """The cases of recordings whose words were to be told."""
        sids = [payload["recording"] for payload in payloads if "recording" in payload]
        query = select(recordings.c.sid, recordings.c.reference).where(recordings.c.sid.in_(sids))
        return {row.sid: row.reference for row in await self._database.read(query)}

    async def _offices(self, references: Iterable[str]) -> Mapping[str | None, str]:
        asked = cases.c.reference.in_(sorted(set(references)))
        query = select(cases.c.reference, cases.c.office).where(asked)
        return {row.reference: row.office for row in await self._database.read(query)}

    async def _phones(self, payloads: Iterable[Payload]) -> Mapping[str, str]:
        """Whom calls were to ring, masked, as long as that is kept."""
        ids = [payload["call"] for payload in payloads if "call" in payload]
        query = select(outgoing.c.id, outgoing.c.number).where(outgoing.c.id.in_(ids))
        kept = [row for row in await self._database.read(query) if row.number is not None]
        return {row.id: masked(self._sealing.open(row.number)) for row in kept}

    async def counts(self) -> Mapping[str, int]:
        """How much did not arrive, by kind."""
        return {row.kind: row.many for row in await self._database.read(COUNTED)}

    async def offices(self) -> Mapping[str, int]:
        """The same by the office that the case is of now; what is of no case is not among it."""
        return {row.office: row.many for row in await self._database.read(BY_OFFICE)}

    async def again(self, job: int, now: datetime, entry: Entry | None = None) -> bool:
        """One, with all its tries: given up, or waiting for its next."""
        which = and_(OF_KIND, or_(DEAD, TRYING))
        made = partial(ready, job=job, now=now, which=which, fresh=True)
        return bool(await self._made(made, entry))

    async def all_again(self, kind: str, now: datetime, entry: Entry | None = None) -> int:
        """All of a kind that were given up, a few at a time; each once, also where it fails anew
        meanwhile."""
        if kind not in {known.value for known in TELLING}:
            return 0
        which = and_(DEAD, outbox.c.kind == kind, outbox.c.payload != EMPTY)
        query = select(outbox.c.id, MARKED.label("marked")).where(which).order_by(outbox.c.id)
        rows = await self._database.read(query)
        plain = [row.id for row in rows if not row.marked]
        marked = [row.id for row in rows if row.marked]
        done = 0
        for some in _pieces(plain, AT_ONCE):
            made = partial(ready_plain, jobs=some, now=now, which=DEAD)
            done += await self._made(made, None if done else entry)
        for some in _pieces(marked, MARKED_AT_ONCE):
            made = partial(ready_each, jobs=some, now=now, which=DEAD)
            done += await self._made(made, None if done else entry)
        return done

    async def _made(self, work: Callable[[Connection], int], entry: Entry | None) -> int:
        """One piece of them ready, for whoever drains; the entry where anything was done."""

        def make(unit: Connection) -> int:
            many = work(unit)
            if many and entry is not None:
                append(unit, entry)
            return many

        many = await self._database.brief(make)
        self._database.woken.set()
        return many


def _pieces(jobs: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(jobs), most):
        yield jobs[start : start + most]


def _missed(
    row: Row[Any],
    payload: Payload,
    reference: str | None,
    office: str | None,
    phones: Mapping[str, str],
) -> Missed:
    dead = row.state == JobState.DEAD.value
    fate = Fate.CAME_BACK if BACK in payload else Fate.GIVEN_UP if dead else Fate.TRYING
    to = payload.get("to", "") if row.kind in TEXTS else ""
    return Missed(
        id=row.id,
        kind=row.kind,
        fate=fate,
        due=row.enqueued,
        at=row.finished if dead else row.run_at,
        tries=row.attempts,
        why=row.error or "",
        code=str(payload.get(BACK, "")),
        reference=reference,
        office=_told(row.kind, payload, office),
        to=masked(to) if to else payload.get("channel") or phones.get(payload.get("call", ""), ""),
        rung=payload.get("rung"),
        news=str(payload.get("news", "")),
        whole=row.payload != EMPTY,
    )


def _told(kind: str, payload: Mapping[str, Any], office: str | None) -> str | None:
    """Whom it was for: the office that has the case now, or the one that was to get a copy."""
    named: str | None = payload.get("office")
    return named if kind == JobKind.TELL_COPY.value else office or named
