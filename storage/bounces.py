"""A mail of ours that came back: the work that sent it is given up after all, with what it needs to
be sent again, also where the row itself is long gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from routing.cases.ladder import TOP
from routing.delivery.letter import News, mark_of, parts_of, rung_of
from routing.ports import JobKind
from routing.register import MOST_RUNGS
from storage.came_back import come_back
from storage.effects import enqueue
from storage.engine import Database
from storage.moves import left_by, moved_to, of_case, trail, words_of_move
from storage.tables.cases import cases, recordings, transcripts
from storage.tables.outbox import outbox


@dataclass(frozen=True, slots=True)
class Sent:
    """The work that sent a mail, as whoever enqueued it wrote it."""

    kind: JobKind
    key: str
    payload: Mapping[str, Any]
    reference: str | None


class StoredBounces:
    """Finds the work by the letter's id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def came_back(self, letter: str, code: str, now: datetime) -> bool:
        """Keep that this letter reached nobody, by which code. False where there is no such letter,
        or that is known."""
        sent = await self._sent(letter)
        if sent is None:
            return False
        row = enqueue(sent.kind, sent.payload, sent.key, now, sent.reference)
        query = select(outbox.c.id).where(outbox.c.key == sent.key).with_for_update()

        def keep(unit: Connection) -> bool:
            unit.execute(row)  # forgotten after a day; a bounce may take five
            job: int = unit.execute(query).scalar_one()
            return come_back(unit, job, sent.payload, f"mail.{code}", now)

        return await self._database.brief(keep)

    async def _sent(self, letter: str) -> Sent | None:  # noqa: PLR0911 - one return a sort of news
        found = parts_of(letter)
        if found is None:
            return None
        news, reference, mark = found
        mine = cases.c.reference == reference
        rows = await self._database.read(select(cases.c.office).where(mine))
        if not rows:
            return None
        told = {"reference": reference, "office": rows[0].office}
        match news:
            case News.WORDS:
                return await self._words(reference, mark)
            case News.MOVED:
                return await self._moved(reference, JobKind.TELL_MOVED, mark)
            case News.COPY:
                return await self._copied(reference, mark)
            case News.ESCALATED:
                return _escalated(reference, told, mark)
            case News.CASE | News.DANGER:
                return await self._case(reference, told, mark, danger=news is News.DANGER)

    async def _case(
        self, reference: str, told: Mapping[str, Any], mark: str, *, danger: bool
    ) -> Sent | None:
        """The first mail of a case or that of its danger; with a mark, that of one of its moves."""
        if danger:
            payload = {**told, "danger": True}
            return Sent(JobKind.TELL_OFFICE, f"danger:{reference}", payload, reference)
        if mark:
            return await self._moved(reference, JobKind.TELL_OFFICE, mark)
        return Sent(JobKind.TELL_OFFICE, f"tell:{reference}", told, reference)

    async def _moved(self, reference: str, kind: JobKind, mark: str) -> Sent | None:
        """The mail of one of its moves, to the office that it went to or to the one it left."""
        for move in trail(await self._database.read(of_case(reference))):
            of = moved_to(move) if kind is JobKind.TELL_OFFICE else left_by(move)
            for told, key, payload in words_of_move(reference, move):
                if told is kind and mark_of(of) == mark:
                    return Sent(kind, key, payload, reference)
        return None

    async def _copied(self, reference: str, mark: str) -> Sent | None:
        """The copy to an office, as long as its work is kept: whom a rule told is nowhere else."""
        copies = outbox.c.kind == JobKind.TELL_COPY.value
        query = select(outbox.c.key).where(copies, outbox.c.reference == reference)
        for row in await self._database.read(query):
            office = str(row.key).removeprefix(f"copy:{reference}:")
            if mark_of(office) == mark:
                payload = {"reference": reference, "office": office}
                return Sent(JobKind.TELL_COPY, row.key, payload, reference)
        return None

    async def _words(self, reference: str, mark: str) -> Sent | None:
        query = (
            select(transcripts.c.recording, transcripts.c.source)
            .join(recordings, recordings.c.sid == transcripts.c.recording)
            .where(recordings.c.reference == reference)
        )
        for row in await self._database.read(query):
            if mark_of(f"{row.recording} {row.source}") == mark:
                payload = {"recording": row.recording, "source": row.source}
                key = f"words:{row.recording}:{row.source}"
                return Sent(JobKind.TELL_WORDS, key, payload, None)
        return None


def _escalated(reference: str, told: Mapping[str, Any], mark: str) -> Sent | None:
    for rung in range(1, MOST_RUNGS + 1):
        if mark_of(rung_of(rung)) == mark and rung < TOP:
            payload = {**told, "rung": rung}
            return Sent(JobKind.ESCALATE, f"escalate:{reference}:{rung}", payload, reference)
    return None
