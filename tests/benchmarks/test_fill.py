"""What stands in for a database of many calls keeps the keys that a real one keeps."""

import asyncio
import sqlite3
from pathlib import Path

import asyncpg

from benchmarks.fill import FILLED, TURNS, fill
from benchmarks.servers import Place
from tools.postgres import Postgres

COUNT = 100
ROWS = {
    "calls": COUNT,
    "steps": COUNT * TURNS,
    "call_ends": COUNT,
    "cases": COUNT // 5,
    "case_callers": COUNT // 5,
    "case_events": COUNT // 5 * 3,
    "recordings": COUNT // 5,
    "leg_answers": COUNT // 20,
}


def test_rows_have_the_columns_that_a_row_needs() -> None:
    for table, names, _ in FILLED:
        needed = {c.name for c in table.c if not c.nullable and c.server_default is None}
        assert needed - set(names) <= {"id"}, table.name


def test_sqlite_holds_the_calls_and_every_key_leads_somewhere(tmp_path: Path) -> None:
    fill(Place(tmp_path), COUNT)

    database = sqlite3.connect(tmp_path / "zhitong.db")
    count = {
        name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - ours
        for name in ROWS
    }
    lost = database.execute("PRAGMA foreign_key_check").fetchall()
    mode = database.execute("PRAGMA journal_mode").fetchone()
    database.close()
    assert (count, lost, mode) == (ROWS, [], ("wal",))


async def test_postgresql_holds_the_same(postgres: Postgres, tmp_path: Path) -> None:
    postgres.run("CREATE DATABASE filled")
    url = postgres.url("filled")

    await asyncio.to_thread(fill, Place(tmp_path, url), COUNT)

    connection = await asyncpg.connect(url)
    try:
        count = {
            name: await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - ours
            for name in ROWS
        }
    finally:
        await connection.close()
    assert count == ROWS
