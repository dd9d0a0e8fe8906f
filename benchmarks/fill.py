"""A database as it is after many calls: ended, their details forgotten, a fifth of them with a
case, the outbox pruned; written as fast as the database takes it. Used by `growth`."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import Table

from benchmarks.servers import SID, Place
from deployment.clock import SystemClock
from ivr.ports.calls import CallEnd
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import Kind
from routing.cases.reference import draw_reference
from routing.ports import Audio
from storage.effects import OPENING
from storage.postgres.database import PostgresDatabase
from storage.postgres.migrating import migrate_postgres
from storage.schema import migrate
from storage.tables.base import plain, sqlite_text
from storage.tables.calls import call_ends, calls, leg_answers, steps, verdicts
from storage.tables.cases import case_callers, case_events, cases, recordings

SPAN: Final = timedelta(days=90)
"""Over which the calls are spread; the last of them two hours ago."""
TALK: Final = timedelta(minutes=1)
DUE: Final = timedelta(days=15)
TURNS: Final = 6
CASE_OF: Final = 5
ANSWERED_OF: Final = 20
NUMBERS: Final = 81
OFFICES: Final = 49
CALLERS: Final = 300_000
VERDICTS: Final = ("genuine", "not_listed", "public_service")
WIDE: Final = 128
GOLDEN: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835
"""Odd, so that its multiples are all different: what is random elsewhere is drawn with it here."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """Calls 0 to `count` - 1, evenly over SPAN; `write` makes of a time what the database takes."""

    count: int
    until: datetime
    write: Callable[[datetime], Any]

    def at(self, call: int) -> datetime:
        """When a call began."""
        return self.until - SPAN + SPAN * (call / self.count)

    def id(self, call: int) -> str:
        """As `deployment.house.new_id` makes them."""
        return f"{int(self.at(call).timestamp() * 1000):011x}{drawn(call, 64):016x}"

    def kept(self, call: int, later: timedelta = timedelta(0)) -> Any:
        """When it began, or so much later, as it is kept."""
        return self.write(self.at(call) + later)

    def with_case(self) -> Iterable[int]:
        """The calls that stated a matter."""
        return range(0, self.count, CASE_OF)


def drawn(number: int, bits: int) -> int:
    """As if random, the same each time, and different for different numbers; of none is it 0, which
    the callers of a benchmark begin with."""
    return ((number + 1) * GOLDEN % (1 << WIDE)) >> (WIDE - bits)


def dialled(call: int) -> str:
    """One of the demonstration's."""
    return f"+86558{drawn(call, 32) % NUMBERS + 1:07d}"


def reference(call: int) -> str:
    """The call's case number, no other's."""
    return draw_reference(call * 7_654_321)


def _calls(past: Past) -> Iterator[Row]:
    for n in range(past.count):
        yield past.id(n), SID, f"CA{drawn(n, 128):032x}", dialled(n), 1, past.kept(n), True


def _steps(past: Past) -> Iterator[Row]:
    for n in range(past.count):
        name, at = past.id(n), past.kept(n)
        for turn in range(TURNS):
            yield name, turn, at, None, None, None, 0


def _ends(past: Past) -> Iterator[Row]:
    for n in range(past.count):
        yield past.id(n), CallEnd.COMPLETED.value, past.kept(n, TALK), TALK.seconds, True


def _cases(past: Past) -> Iterator[Row]:
    for n in past.with_case():
        yield (
            reference(n), past.id(n), 3, 0, f"{drawn(n, 128):064x}", Kind.HELP.value, None, None,
            "云岭市", f"office {drawn(n, 48) % OFFICES}", "default", Confidentiality.NAMED.value,
            CaseState.CLOSED.value, dialled(n), "zh-CN", False,
            past.kept(n), past.kept(n, DUE), None,
        )  # fmt: skip


def _callers(past: Past) -> Iterator[Row]:
    for n in past.with_case():
        who = drawn(n, 40) % CALLERS
        yield (
            reference(n), bytes(43), f"{drawn(who, 128):064x}", "34",
            past.kept(n),
        )  # fmt: skip


def _events(past: Past) -> Iterator[Row]:
    for n in past.with_case():
        for before, after, actor in OPENING:
            was = None if before is None else before.value
            yield reference(n), was, after.value, actor.value, "rule default", past.kept(n)


def _recordings(past: Past) -> Iterator[Row]:
    for n in past.with_case():
        sid = f"RE{drawn(n, 128):032x}"
        url = f"https://api.example.com/2010-04-01/Accounts/{SID}/Recordings/{sid}"
        yield (
            sid, past.id(n), 3, url, 12, reference(n), "zh-CN", Audio.KEPT.value, past.kept(n),
        )  # fmt: skip


def _legs(past: Past) -> Iterator[Row]:
    for n in range(0, past.count, ANSWERED_OF):
        yield past.id(n), 4, 1, True, dialled(n), past.kept(n)


def _verdicts(past: Past) -> Iterator[Row]:
    for day, number, verdict in {
        (past.at(n).date().isoformat(), dialled(n), VERDICTS[n % len(VERDICTS)])
        for n in range(past.count)
    }:
        yield day, number, verdict, 3


FILLED: Final[Sequence[tuple[Table, tuple[str, ...], Callable[[Past], Iterator[Row]]]]] = (
    (calls, ("id", "account", "sid", "dialled", "plan", "started", "ended"), _calls),
    (steps, ("call_id", "turn", "at", "event", "state", "reply", "attempt"), _steps),
    (call_ends, ("call_id", "end", "at", "seconds", "forgotten"), _ends),
    (
        cases,
        (
            "reference", "call_id", "turn", "attempt", "pin_digest", "kind", "about", "topic",
            "district", "office", "rule", "confidentiality", "state", "dialled", "language",
            "danger", "opened", "due", "group_of",
        ),
        _cases,
    ),
    (case_callers, ("reference", "number", "digest", "tail", "opened"), _callers),
    (case_events, ("reference", "from_state", "to_state", "actor", "note", "at"), _events),
    (
        recordings,
        ("sid", "call_id", "turn", "url", "seconds", "reference", "language", "audio", "at"),
        _recordings,
    ),
    (leg_answers, ("call_id", "turn", "leg", "accepted", "official", "at"), _legs),
    (verdicts, ("day", "dialled", "verdict", "count"), _verdicts),
)  # fmt: skip
"""In the order of their keys."""


def fill(place: Place, count: int) -> None:
    """The database of this place, migrated, with so many calls of the past."""
    until = SystemClock().now() - timedelta(hours=2)
    if place.database:
        asyncio.run(_fill_postgres(place.database, Past(count, until, plain)))
    else:
        _fill_sqlite(place.folder / "zhitong.db", Past(count, until, sqlite_text))


def _fill_sqlite(file: Path, past: Past) -> None:
    migrate(file)
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode=OFF")
    database.execute("PRAGMA synchronous=OFF")
    database.execute("BEGIN")
    for table, names, rows in FILLED:
        quoted, marks = (
            ", ".join(signs) for signs in ([f'"{n}"' for n in names], "?" * len(names))
        )
        into = f"INSERT INTO {table.name} ({quoted}) VALUES ({marks})"  # noqa: S608 - our own names
        database.executemany(into, rows(past))
    database.execute("COMMIT")
    database.execute("PRAGMA journal_mode=WAL")
    database.close()


async def _fill_postgres(url: str, past: Past) -> None:
    database = PostgresDatabase(url)
    try:
        await migrate_postgres(database)
    finally:
        await database.close()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")  # keys are right here
        for table, names, rows in FILLED:
            await connection.copy_records_to_table(table.name, columns=names, records=rows(past))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
