"""`audit` at the terminal, beside a running server: verified, kept, written out, erased."""

import asyncio
import csv
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, text

import server
from routing.audit import Action, Entry
from storage.audit import StoredAudit
from storage.sqlite.database import SqliteDatabase
from storage.tables.audit import audit, audit_values

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
async def database(empty_database: Path, tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """What a server at work holds open, with three entries."""
    folder = tmp_path / "var"
    folder.mkdir()
    empty_database.rename(folder / "zhitong.db")
    opened = SqliteDatabase(folder / "zhitong.db")
    for n in range(3):
        values = {"by": "=王芳", "reason": f"reason {n}"}
        await StoredAudit(opened).append(
            Entry("7", Action.DRAFT_CHANGED, f"office:{n}", AT, values)
        )
    yield opened
    await opened.close()


async def say(*words: str) -> int:
    return await asyncio.to_thread(server.main, ["audit", *words])


async def test_a_whole_chain_is_verified_against_a_head_kept_elsewhere(
    database: SqliteDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await say("--head") == 0
    kept = capsys.readouterr().out.strip()
    assert re.fullmatch("3 [0-9a-f]{64}", kept)
    assert await say("--verify", "--kept", kept) == 0
    out = capsys.readouterr().out
    assert "all 3 entries hold" in out
    assert "entry 3" in out


async def test_an_altered_entry_is_named(
    database: SqliteDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.unit_of_work() as unit:
        await unit.execute(text("DROP TRIGGER audit_no_update"))
        await unit.execute(text("UPDATE audit SET actor = '8' WHERE number = 2"))
    assert await say("--verify") == 1
    assert "broken at entry 2: 内容被改动 it was altered" in capsys.readouterr().out


async def test_a_chain_that_was_cut_is_found_by_the_head_alone(
    database: SqliteDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    head = await StoredAudit(database).head()
    async with database.unit_of_work() as unit:
        await unit.execute(text("DROP TRIGGER audit_no_delete"))
        await unit.execute(delete(audit_values).where(audit_values.c.number == 3))
        await unit.execute(delete(audit).where(audit.c.number == 3))
    assert await say("--verify") == 0
    assert await say("--verify", "--kept", head.hash) == 1
    assert "replaced or cut" in capsys.readouterr().out


async def test_all_of_it_is_written_out_and_that_is_an_entry(
    database: SqliteDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await say("--export", "audit.csv") == 0
    with (tmp_path / "audit.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["by"] == "'=王芳"
    assert rows[-1]["action"] == "audit.exported"
    assert await say("--export", "audit.csv") == 1
    assert "such a file already" in capsys.readouterr().err
    assert await say("--export", "none/audit.csv") == 1
    assert "name a file that can be written" in capsys.readouterr().err


async def test_values_are_erased_and_the_chain_holds(
    database: SqliteDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await say("--erase", "2", "--reason", "asked by 13900007788") == 0
    assert await say("--erase", "2", "--reason", "again") == 1
    assert await say("--verify") == 0
    assert "of which 1 have their values erased" in capsys.readouterr().out
    async with database.reading() as connection:
        (values,) = (
            await connection.execute(audit_values.select().where(audit_values.c.number == 4))
        ).all()
    assert "asked by …88" in values.kept


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--head", "--kept", "x"), "--kept belongs to --verify"),
        (("--erase", "2"), "belong together"),
        (("--verify", "--reason", "x"), "belong together"),
    ],
)
async def test_words_that_do_not_fit(
    database: SqliteDatabase, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert await say(*words) == 1
    assert says in capsys.readouterr().err


def test_no_data_yet_and_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert server.main(["audit", "--verify"]) == 1
    assert "start the server once" in capsys.readouterr().err
    assert not (tmp_path / "var").exists()
