"""A batch is one statement: what it holds is whole or not there at all, and nothing of it differs
from steps that come one by one."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select

from ivr.flow.effect import AttachRecording, Effect, NoteStray, NoteVerdict, Notify, TellOffice
from ivr.ports.journal import RecordingTaken, Reply, Step
from ivr.ports.recordings import RecordingRef
from storage.postgres.driver import Line
from storage.tables.calls import strays, verdicts
from storage.tables.cases import case_callers, case_events, cases, recordings
from storage.tables.outbox import outbox
from storage.writes import earlier_case
from tests.storage.stepping import (
    AT,
    CALLER,
    House,
    counted,
    first_step,
    later_step,
    open_case,
    opened,
)

pytestmark = pytest.mark.postgres

URL = "http://127.0.0.1/RE"
REFERENCES = ("46270395", "11111116", "22222222")


async def begun(house: House, *names: str) -> None:
    await asyncio.gather(*(house.journal.append(first_step(name)) for name in names))


async def together(house: House, steps: Sequence[Step]) -> list[Reply | BaseException]:
    return await asyncio.gather(*map(house.journal.append, steps), return_exceptions=True)


def matter(name: str, reference: str, caller: str = CALLER, *more: Effect) -> Step:
    """A turn whose recording opens a case."""
    texted = Notify("sms.case", caller, {}, "zh-CN", f"case:{reference}", reference)
    attached = AttachRecording(reference, 1, f"RE{name}", 12, "zh-CN")
    effects = (
        open_case(reference, caller=caller),
        attached,
        texted,
        TellOffice(reference, "water"),
    )
    step = later_step(name, 1, *effects, *more)
    return replace(step, recording=RecordingRef(f"RE{name}", f"{URL}{name}", 9))


async def rows(house: House, *columns: object) -> list[tuple[object, ...]]:
    async with house.database.reading() as connection:
        return [tuple(row) for row in await connection.execute(select(*columns))]  # type: ignore[call-overload]  # any columns


async def test_matters_checks_and_new_calls_go_in_one_statement(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await begun(house, "a", "b", "c")
        batch = [
            matter("a", REFERENCES[0], CALLER, NoteVerdict("genuine"), NoteStray("Silence")),
            matter("b", REFERENCES[1], "+8613900005678", NoteVerdict("genuine")),
            later_step("c", 1, NoteVerdict("genuine"), NoteVerdict("not_listed")),
            first_step("d"),
        ]
        with counted() as by_core:
            replies = await together(house, batch)
        kept = await rows(house, cases.c.reference, cases.c.group_of, cases.c.call_id)
        sound = await rows(
            house, recordings.c.sid, recordings.c.url, recordings.c.seconds,
            recordings.c.reference, recordings.c.language,
        )  # fmt: skip
        moves = await house.rows(case_events)
        jobs = await rows(house, outbox.c.kind, outbox.c.reference)
        counts = await rows(house, verdicts.c.verdict, verdicts.c["count"])
        stray = await rows(house, strays.c.event, strays.c["count"])
        callers = await house.rows(case_callers)
    assert by_core == []
    assert all(isinstance(reply, Reply) and reply.mine for reply in replies)
    assert sorted(kept) == [(REFERENCES[1], None, "b"), (REFERENCES[0], None, "a")]
    assert sorted(sound) == [
        ("REa", f"{URL}a", 9, REFERENCES[0], "zh-CN"),
        ("REb", f"{URL}b", 9, REFERENCES[1], "zh-CN"),
    ]
    assert (moves, callers, len(jobs)) == (6, 2, 6)
    assert sorted(counts) == [("genuine", 3), ("not_listed", 1)]
    assert stray == [("Silence", 1)]


async def test_two_matters_of_one_caller_at_once_are_linked(tmp_path: Path) -> None:
    """One statement sees none of its own rows: such steps come one by one."""
    async with opened(tmp_path) as house:
        await begun(house, "a", "b", "c")
        steps = [matter(name, case) for name, case in zip("abc", REFERENCES, strict=True)]
        replies = await together(house, steps)
        groups = await rows(house, cases.c.reference, cases.c.group_of)
    assert all(isinstance(reply, Reply) for reply in replies)
    first = {group for _, group in groups if group is not None}
    assert len(first) == 1
    assert [group for reference, group in groups if reference in first] == [None]


async def test_a_strangers_recording_fails_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await begun(house, "a", "b", "c")
        taken = RecordingRef("REa", f"{URL}a", 9)
        assert await house.calls.hold_recording("a", 1, taken, AT)
        other = replace(later_step("b", 1), recording=taken)
        outcomes = await together(house, [other, later_step("c", 1)])
        of = await rows(house, recordings.c.call_id)
        free = await house.journal.append(later_step("b", 1))
    assert isinstance(outcomes[0], RecordingTaken)
    assert isinstance(outcomes[1], Reply)
    assert of == [("a",)]
    assert free.mine, "nothing of the refused step was kept"


async def test_a_batch_that_is_refused_costs_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeated turn is refused, and found by the other way; nothing is wrong with the line."""
    dropped: list[Line] = []
    monkeypatch.setattr(Line, "drop", dropped.append)
    async with opened(tmp_path) as house:
        await begun(house, "a")
        first = await house.journal.append(later_step("a", 1))
        again = await house.journal.append(later_step("a", 1))
        after = await house.journal.append(later_step("a", 2))
    assert (first.mine, again.mine, after.mine) == (True, False, True)
    assert dropped == []


async def test_a_recording_that_was_told_before_is_attached(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await begun(house, "a")
        told = RecordingRef("REa", "", 8)
        assert await house.calls.hold_recording("a", 1, told, AT)
        await house.journal.append(matter("a", REFERENCES[0]))
        sound = await rows(house, recordings.c.url, recordings.c.seconds, recordings.c.reference)
    assert sound == [(f"{URL}a", 9, REFERENCES[0])]


async def test_what_is_too_long_for_its_column_is_refused_and_not_cut_off(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await begun(house, "a", "b")
        long = replace(open_case(), topic="water" * 10)
        outcomes = await together(house, [later_step("a", 1, long), later_step("b", 1)])
        kept = await house.rows(cases)
    assert isinstance(outcomes[0], Exception)
    assert isinstance(outcomes[1], Reply)
    assert kept == 0


async def test_a_text_is_written_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await begun(house, "a", "b")
        text = Notify("sms.case", CALLER, {"case": "4627 0395"}, "zh-CN", "case:1")
        await together(house, [later_step("a", 1, text)])
        await together(house, [later_step("b", 1, text)])
        payloads = await rows(house, outbox.c.payload)
    assert [orjson.loads(str(payload))["slots"] for (payload,) in payloads] == [
        {"case": "4627 0395"}
    ]


async def test_an_earlier_case_is_looked_for_among_the_callers_own(tmp_path: Path) -> None:
    """Not among those of the office, which grow, whatever the database has counted so far."""
    asked = select(earlier_case("whose", func.now(), "water"))
    async with opened(tmp_path) as house, house.database.reading() as connection:
        written = asked.compile(connection.engine, compile_kwargs={"literal_binds": True})
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = await connection.exec_driver_sql(f"EXPLAIN {written}")
        plan = "\n".join(line for (line,) in found)
    assert "ix_case_callers_digest_opened" in plan
    assert "ix_cases_office_opened" not in plan
