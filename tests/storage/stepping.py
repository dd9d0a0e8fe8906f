"""A database in a folder of its own and the steps that tests put into it."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, event, func, select

from ivr.flow.call import Call
from ivr.flow.effect import Effect, OpenCase
from ivr.ports.journal import Origin, Step
from routing.cases.case import Confidentiality
from routing.cases.kinds import Kind
from routing.handoff import Handoff
from routing.ports import Clock, JobKind, NewJob
from storage.calls import StoredCalls
from storage.effects import Effects
from storage.engine import Database
from storage.following import add
from storage.journal import StoredJournal
from storage.outbox import StoredOutbox
from storage.recordings import StoredRecordings
from storage.sealing import Sealing
from storage.sqlite.database import SqliteDatabase
from storage.sqlite.steps import SqliteSteps
from storage.steps import Hook
from tests.databases import database_at, sounds_of

AT: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@dataclass
class MovedClock:
    """Stands at `at` until a test sets that anew."""

    at: datetime = AT

    def now(self) -> datetime:
        return self.at


CALLER: Final = "+8613800001234"
DIALLED: Final = "+865580000021"
SEALING: Final = Sealing(b"a test's own key, never a server's")


class StoppedAt:
    """A clock that stands still."""

    def now(self) -> datetime:
        return AT


@dataclass(frozen=True, slots=True)
class House:
    """The parts under test, over one database, and the folder beside it."""

    folder: Path

    database: Database
    effects: Effects
    journal: StoredJournal
    calls: StoredCalls

    @property
    def recordings(self) -> StoredRecordings:
        """The kept audio."""
        sounds = sounds_of(self.database, self.folder / "recordings", StoppedAt())
        return StoredRecordings(self.database, sounds)

    async def rows(self, table: Any) -> int:
        """How many rows a table has."""
        return int(await self.scalar(select(func.count()).select_from(table)))

    async def scalar(self, query: Any) -> Any:
        """One value."""
        async with self.database.reading() as connection:
            return (await connection.execute(query)).scalar_one()


@contextlib.asynccontextmanager
async def opened(folder: Path, hook: Hook | None = None) -> AsyncIterator[House]:
    """A migrated database with a running journal, closed in order."""
    database = await database_at(folder / "house.db")
    effects = Effects(SEALING, ZoneInfo("Asia/Shanghai"))
    journal = StoredJournal(database, effects, hook)
    await journal.start()
    try:
        yield House(folder, database, effects, journal, StoredCalls(database, effects))
    finally:
        await journal.stop()
        await database.close()


def file_of(database: Database) -> SqliteDatabase:
    """The database as SQLite's own."""
    assert isinstance(database, SqliteDatabase)
    return database


def driver_of(journal: StoredJournal) -> sqlite3.Connection:
    """SQLite's own connection beneath the journal."""
    rows = journal._rows
    assert isinstance(rows, SqliteSteps)
    assert rows._connection is not None
    driver = rows._connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@contextlib.contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that the stores execute meanwhile, in order."""
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def call_of(call_id: str, turn: int, caller: str | None = CALLER) -> Call:
    """A call that waits for `turn`."""
    return Call(call_id, caller, DIALLED, "zh-CN", "main", 1, AT, turn=turn)


def first_step(call_id: str, sid: str | None = None, reply: bytes = b"<first/>") -> Step:
    """Turn 0: a new call."""
    origin = Origin("AC1", sid or f"CA-{call_id}")
    return Step(call_of(call_id, 1), 0, AT, b'{"event":"Answered"}', reply, origin=origin)


def later_step(
    call_id: str, turn: int, *effects: Effect, reply: bytes = b"<later/>", attempt: int = 0
) -> Step:
    """Any later turn."""
    at = AT + timedelta(seconds=turn)
    event = b'{"event":"Pressed"}'
    return Step(call_of(call_id, turn + 1), turn, at, event, reply, effects, attempt=attempt)


def open_case(reference: str = "46270395", turn: int = 1, caller: str | None = CALLER) -> OpenCase:
    """A matter of turn `turn`."""
    return OpenCase(
        turn=turn,
        reference=reference,
        pin="7315",
        kind=Kind.HELP,
        about=None,
        topic="water",
        district="县城",
        office="water",
        rule="topic",
        confidentiality=Confidentiality.NAMED,
        dialled=DIALLED,
        caller=caller,
        language="zh-CN",
        due=AT + timedelta(days=7),
    )


async def follow(house: House, *jobs: NewJob) -> None:
    """Take on what follows from a job that is not told of here."""
    await house.database.brief(lambda unit: add(unit, jobs))


def rung_of(
    reference: str, office: str, rung: int, at: datetime, *, sooner: bool = False
) -> NewJob:
    """A step of a case's ladder."""
    payload = {"reference": reference, "office": office, "rung": rung}
    key = f"escalate:{reference}:{rung}"
    return NewJob(JobKind.ESCALATE, payload, key, at, reference, sooner=sooner)


async def killed_after(turns: int, handoff: Handoff, house: House, clock: Clock) -> None:
    """A drain that is cut off after so many turns of the loop, and a server after it."""
    work = asyncio.get_running_loop().create_task(handoff.drain())
    for _ in range(turns):
        await asyncio.sleep(0)
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    await handoff.stop()
    await StoredOutbox(house.database).take_back(clock.now())
