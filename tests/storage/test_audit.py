"""The audit's rows: one chain whoever appends, and nothing of it can be altered unseen."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from routing.audit import BEFORE_ALL, Action, Broken, Entry, Fault
from routing.trail import Head, Search
from storage.audit import SLICE, StoredAudit, append, append_once, erasure
from storage.errors import StorageError
from storage.tables.audit import audit, audit_values
from tests.storage.stepping import AT, House, opened

ROWS = 7


def entry(n: int = 0) -> Entry:
    when = AT + timedelta(microseconds=n)
    return Entry("7", Action.DRAFT_CHANGED, f"office:{n}", when, {"name": f"水务{n}局"})


async def filled(house: House, many: int = ROWS) -> StoredAudit:
    def all_(unit: Connection) -> None:
        for n in range(many):
            append(unit, entry(n))

    await house.database.brief(all_)
    return StoredAudit(house.database)


async def tamper(house: House, *statements: Any) -> None:
    """As somebody who owns the database can, past what refuses."""
    async with house.database.unit_of_work() as unit:
        if unit.dialect.name == "sqlite":
            for name in ("audit_no_update", "audit_no_delete", "audit_values_no_update"):
                await unit.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            await unit.execute(text("PRAGMA defer_foreign_keys=ON"))
        else:
            await unit.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await unit.execute(statement)


async def test_an_empty_chain_holds(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredAudit(house.database)
        assert await store.head() == Head(0, BEFORE_ALL)
        verdict = await store.verify()
        assert (verdict.count, verdict.head, verdict.broken) == (0, BEFORE_ALL, None)


async def test_entries_make_a_chain_across_slices(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house, SLICE + 3)
        assert await store.append(entry(999)) == SLICE + 4
        head = await store.head()
        verdict = await store.verify()
        assert (verdict.count, verdict.head, verdict.broken) == (SLICE + 4, head.hash, None)
        assert await store.place_of(head.hash) == SLICE + 4
        assert await store.place_of("f" * 64) is None


async def test_a_change_that_fails_leaves_no_entry(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:

        def fails(unit: Connection) -> None:
            append(unit, entry())
            raise StorageError("the change")

        with pytest.raises(StorageError, match="the change"):
            await house.database.brief(fails)
        assert await house.rows(audit) == 0


async def test_many_at_once_make_one_chain(tmp_path: Path) -> None:
    """On PostgreSQL each in a transaction of its own."""
    async with opened(tmp_path) as house:
        store = StoredAudit(house.database)
        numbers = await asyncio.gather(*(store.append(entry(n)) for n in range(40)))
        assert sorted(numbers) == [*range(1, 41)]
        verdict = await store.verify()
        assert (verdict.count, verdict.broken) == (40, None)


@pytest.mark.parametrize(
    "change",
    [
        update(audit).where(audit.c.number == 3).values(actor="8"),
        delete(audit).where(audit.c.number == 3),
        update(audit_values).where(audit_values.c.number == 3).values(kept="{}"),
    ],
    ids=["update", "delete", "values"],
)
async def test_the_database_refuses_to_alter_the_chain(tmp_path: Path, change: Any) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        with pytest.raises((DBAPIError, StorageError)):
            async with house.database.unit_of_work() as unit:
                await unit.execute(change)
        assert (await store.verify()).broken is None


@pytest.mark.sqlite
async def test_sqlite_refuses_to_replace_a_link(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        columns = "number, 'x', action, subject, at, salted, before, hash"
        with pytest.raises((DBAPIError, StorageError)):
            async with house.database.unit_of_work() as unit:
                await unit.execute(
                    text(f"INSERT OR REPLACE INTO audit SELECT {columns} FROM audit")  # noqa: S608 - ours
                )
        assert (await store.verify()).broken is None


@pytest.mark.postgres
@pytest.mark.parametrize("what", ["audit_values", "audit CASCADE"])
async def test_postgresql_refuses_to_empty_the_chain(tmp_path: Path, what: str) -> None:
    async with opened(tmp_path) as house:
        await filled(house)
        with pytest.raises((DBAPIError, StorageError)):
            async with house.database.unit_of_work() as unit:
                await unit.execute(text(f"TRUNCATE {what}"))
        assert await house.rows(audit) == ROWS


ALTERED: dict[str, Any] = {
    "number": 99,
    "actor": "8",
    "action": "sign-in",
    "subject": "office:x",
    "at": AT + timedelta(days=1),
    "salted": "f" * 64,
    "before": "e" * 64,
    "hash": "d" * 64,
}


def test_every_column_is_among_those_that_are_altered() -> None:
    assert set(ALTERED) == set(audit.c.keys())


def altered(number: int, column: str, value: Any) -> list[Any]:
    """A link's values move with it."""
    changes = [update(audit).where(audit.c.number == number).values({column: value})]
    if column == "number":
        values = audit_values.c.number == number
        changes.append(update(audit_values).where(values).values(number=value))
    return changes


@pytest.mark.parametrize("column", ALTERED)
async def test_any_column_of_any_row_that_was_altered_is_found(tmp_path: Path, column: str) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        for number in range(1, ROWS + 1):
            row = audit.c.number == number
            async with house.database.reading() as connection:
                before = (await connection.execute(select(audit).where(row))).one()
            await tamper(house, *altered(number, column, ALTERED[column]))
            broken = (await store.verify()).broken
            assert broken is not None
            assert broken.number == number
            at = 99 if column == "number" else number
            await tamper(house, *altered(at, column, before._mapping[column]))
            assert (await store.verify()).broken is None


@pytest.mark.parametrize("values", [{"kept": "{}"}, {"salt": b"another"}])
async def test_altered_values_are_found(tmp_path: Path, values: dict[str, Any]) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        row = audit_values.c.number == 4
        await tamper(house, update(audit_values).where(row).values(values))
        assert (await store.verify()).broken == Broken(4, Fault.VALUES_ALTERED)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "change",
    ["audit SET at = 'no time'", "audit SET actor = x'ff'", "audit_values SET salt = 'text'"],
)
async def test_what_no_column_can_hold_is_a_broken_link_and_no_failure(
    tmp_path: Path, change: str
) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        await tamper(house, text(f"UPDATE {change} WHERE number = 5"))
        broken = (await store.verify()).broken
        assert broken is not None
        assert broken.number == 5


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "change", ["audit SET at = 'no time'", "audit_values SET kept = 'no JSON'"]
)
async def test_a_search_says_that_an_entry_cannot_be_read(tmp_path: Path, change: str) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        await tamper(house, text(f"UPDATE {change} WHERE number = 5"))
        with pytest.raises(StorageError, match="audit --verify"):
            await store.search(Search(), most=9)


async def test_a_link_taken_out_is_found(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        await tamper(house, delete(audit_values).where(audit_values.c.number == 4),
                     delete(audit).where(audit.c.number == 4))  # fmt: skip
        assert (await store.verify()).broken == Broken(4, Fault.MISSING)


async def test_erased_values_leave_a_chain_that_holds(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        told = erasure(4, "7", "the person asked for it", AT)
        assert await store.erase(4, told)
        assert not await store.erase(4, told)
        verdict = await store.verify()
        assert (verdict.count, verdict.erased, verdict.broken) == (ROWS + 1, 1, None)
        assert await house.rows(audit_values) == ROWS


async def test_values_that_went_unsaid_are_found(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        async with house.database.unit_of_work() as unit:
            await unit.execute(delete(audit_values).where(audit_values.c.number == 2))
        assert (await store.verify()).broken == Broken(2, Fault.VALUES_GONE)


@pytest.mark.sqlite
async def test_erased_values_leave_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        await store.erase(4, erasure(4, "7", "asked", AT))
        await house.database.tidy()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert "水务3局".encode() not in kept
    assert "水务4局".encode() in kept


HOUR = timedelta(hours=1)
WANG, LI = {"by": "王芳"}, {"by": "李强", "reason": "节前 50%_off"}
SEEN = [
    Entry("7", Action.SIGNED_IN, "account:7", AT, WANG),
    Entry("9", Action.PLAN_PUBLISHED, "plan:2", AT + HOUR, LI),
    Entry("7", Action.NUMBER_SUSPENDED, "number:+865580000021", AT + 2 * HOUR, WANG),
    Entry("7", Action.DRAFT_CHANGED, "office:Water", AT + 3 * HOUR, {"by": "王小芳"}),
]


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        (Search(), [4, 3, 2, 1]),
        (Search(actor="7"), [4, 3, 1]),
        (Search(actor="王芳"), [3, 1]),
        (Search(action=Action.PLAN_PUBLISHED), [2]),
        (Search(subject="number:"), [3]),
        (Search(text="节前"), [2]),
        (Search(text="50%_OFF 李"), [2]),
        (Search(text="50_"), []),
        (Search(text="water"), [4]),
        (Search(since=AT + HOUR, until=AT + 3 * HOUR), [3, 2]),
        (Search(actor="' OR 1=1 --"), []),
    ],
)
async def test_entries_are_found(tmp_path: Path, search: Search, numbers: list[int]) -> None:
    async with opened(tmp_path) as house:
        store = StoredAudit(house.database)
        for one in SEEN:
            await store.append(one)
        assert [one.link.number for one in await store.search(search, most=9)] == numbers


async def test_entries_are_turned_over_both_ways(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        assert [f.link.number for f in await store.search(Search(), before=4, most=2)] == [3, 2]
        assert [f.link.number for f in await store.search(Search(), after=4, most=2)] == [5, 6]


async def test_many_are_looked_through_a_window_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.audit.WINDOW", 2)
    async with opened(tmp_path) as house:
        store = await filled(house)
        every = [found.link.number for found in await store.search(Search(), after=0, most=99)]
        assert every == [*range(1, len(every) + 1)]
        for most in range(1, len(every) + 1):
            down = [found.link.number for found in await store.search(Search(), most=most)]
            assert down == every[::-1][:most]
        first = Search(subject=(await store.search(Search(), after=0, most=1))[0].link.subject)
        assert [f.link.number for f in await store.search(first, most=9)][-1] == 1
        assert [f.link.number for f in await store.search(Search(), down_to=3, most=99)] == [
            number for number in every[::-1] if number > 3
        ]


async def test_an_erased_entry_is_found_without_its_values(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await filled(house)
        await store.erase(4, erasure(4, "7", "asked", AT))
        (found,) = await store.search(Search(subject="office:3"), most=9)
        assert (found.values, found.by, found.link.actor) == (None, "", "7")


async def test_what_is_noted_once_is_noted_anew_by_another_and_the_next_time(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        for actor, minutes, since in (("7", 0, 0), ("7", 5, 0), ("8", 6, 0), ("7", 30, 20)):
            at = AT + timedelta(minutes=minutes)
            one = Entry(actor, Action.CASE_OPENED, "case:46270395", at)
            await append_once(house.database, one, AT + timedelta(minutes=since))
        found = await StoredAudit(house.database).search(Search(), most=9)

    assert [one.link.actor for one in found] == ["7", "8", "7"]
