"""Effects as rows: what a case leaves behind, and what anonymity takes away again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from ivr.flow.effect import (
    AttachRecording,
    Effect,
    FlagPressure,
    MakeAnonymous,
    NoteStray,
    NoteVerdict,
    Notify,
    TellOffice,
    WithdrawCase,
)
from ivr.ports.journal import Step
from routing.cases.case import CaseState, Confidentiality
from storage.effects import GROUPED_WITHIN, TEXTS_A_DAY
from storage.tables.calls import strays, verdicts
from storage.tables.cases import case_callers, case_events, cases, recordings
from storage.tables.outbox import outbox
from tests.storage.stepping import (
    AT,
    CALLER,
    DIALLED,
    SEALING,
    House,
    first_step,
    later_step,
    open_case,
    opened,
)

CASE = "46270395"
OTHER = "11111116"
TEXT = Notify("sms.case", CALLER, {"pin": "7315"}, "zh-CN", f"case:{CASE}", CASE)


async def _play(house: House, *effects: Effect, call_id: str = "a") -> None:
    await house.journal.append(first_step(call_id))
    await house.journal.append(later_step(call_id, 1, *effects))


async def _rows(house: House, query: Any) -> Sequence[Any]:
    async with house.database.reading() as connection:
        return (await connection.execute(query)).all()


async def test_an_opened_case_keeps_its_pin_and_caller_unreadable(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE))
        case = (await _rows(house, select(cases)))[0]
        caller = (await _rows(house, select(case_callers)))[0]
    assert case.reference == CASE
    assert (case.call_id, case.turn, case.state) == ("a", 1, CaseState.DISPATCHED)
    assert case.pin_digest == SEALING.pin(CASE, "7315")
    assert CALLER.encode() not in caller.number
    assert SEALING.open(caller.number) == CALLER
    assert (caller.tail, caller.digest) == ("34", house.effects.caller_digest(CALLER))


async def test_opening_is_audited_move_by_move(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE))
        events = await _rows(house, select(case_events).order_by(case_events.c.id))
    assert [(event.from_state, event.to_state, event.actor) for event in events] == [
        (None, "received", "caller"),
        ("received", "triage", "system"),
        ("triage", "dispatched", "system"),
    ]


@pytest.mark.parametrize("caller", [None, CALLER])
async def test_an_anonymous_case_keeps_no_caller(tmp_path: Path, caller: str | None) -> None:
    anonymous = replace(open_case(CASE, caller=caller), confidentiality=Confidentiality.ANONYMOUS)
    async with opened(tmp_path) as house:
        await _play(house, open_case(OTHER), call_id="before")
        await _play(house, anonymous)
        kept = await _rows(house, select(case_callers).where(case_callers.c.reference == CASE))
        group = await house.scalar(select(cases.c.group_of).where(cases.c.reference == CASE))
    assert kept == []
    assert group is None, "a link to the caller's named case would name the caller"


async def test_a_repeat_caller_is_grouped_with_the_first_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE))
        await _play(house, open_case(OTHER), call_id="b")
        await _play(house, open_case("22222222"), call_id="c")
        elsewhere = replace(open_case("33333333"), office="police")
        await _play(house, elsewhere, call_id="d")
        await _play(house, open_case("44444444", caller="+8613900005678"), call_id="e")
        groups = await _rows(house, select(cases.c.reference, cases.c.group_of))
    assert {row.reference: row.group_of for row in groups} == {
        CASE: None, OTHER: CASE, "22222222": CASE, "33333333": None, "44444444": None,
    }  # fmt: skip


async def test_a_caller_of_long_ago_begins_a_new_group(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE))
        await house.journal.append(first_step("b"))
        late = _at(later_step("b", 1, open_case(OTHER)), GROUPED_WITHIN + timedelta(days=1))
        await house.journal.append(late)
        group = await house.scalar(select(cases.c.group_of).where(cases.c.reference == OTHER))
    assert group is None


def _at(step: Step, after: timedelta) -> Step:
    return replace(step, at=AT + after)


async def test_a_sealed_identity_is_not_linked_to_a_named_case(tmp_path: Path) -> None:
    sealed = replace(open_case(OTHER), confidentiality=Confidentiality.CONFIDENTIAL)
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE))
        await _play(house, sealed, call_id="b")
        await _play(house, open_case("22222222"), call_id="c")
        groups = await _rows(house, select(cases.c.reference, cases.c.group_of))
    assert {row.reference: row.group_of for row in groups} == {
        CASE: None, OTHER: None, "22222222": CASE,
    }  # fmt: skip


async def test_a_recording_joins_its_case_and_is_fetched_once(tmp_path: Path) -> None:
    attach = AttachRecording(CASE, 1, "RE1", 12, "zh-CN")
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE), attach)
        await house.calls.apply(later_step("a", 1).call, (attach,), AT, 0)
        row = (await _rows(house, select(recordings)))[0]
        jobs = await _rows(house, select(outbox.c.kind, outbox.c.key, outbox.c.payload))
    assert (row.sid, row.reference, row.language, row.seconds) == ("RE1", CASE, "zh-CN", 12)
    assert [(job.kind, job.key) for job in jobs] == [("fetch_recording", "fetch:RE1")]
    assert orjson.loads(jobs[0].payload) == {"recording": "RE1"}


async def test_texts_and_news_for_the_office_wait_in_the_outbox_once(tmp_path: Path) -> None:
    news = TellOffice(CASE, "water")
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE), TEXT, TEXT, news, news)
        jobs = await _rows(house, select(outbox).order_by(outbox.c.kind))
    assert [job.kind for job in jobs] == ["sms", "tell_office"]
    assert all((job.state, job.attempts, job.run_at) == ("ready", 0, AT + timedelta(seconds=1))
               for job in jobs)  # fmt: skip
    assert orjson.loads(jobs[0].payload) == {
        "phrase": "sms.case", "to": CALLER, "from": DIALLED, "language": "zh-CN",
        "plan": 1, "slots": {"pin": "7315"},
    }  # fmt: skip


async def test_texts_to_one_number_are_bounded_a_day(tmp_path: Path) -> None:
    """Whoever fakes a caller ID must not fill a stranger's phone at the city's cost."""
    notices = [replace(TEXT, key=f"check:a:{n}", reference=None) for n in range(TEXTS_A_DAY + 5)]
    others = [replace(notice, to="+8613900000099", key=f"b{notice.key}") for notice in notices[:3]]
    async with opened(tmp_path) as house:
        await _play(house, *notices, *others)
        tomorrow = later_step("a", 2, *notices[:2])
        await house.journal.append(replace(tomorrow, at=AT + timedelta(days=1)))
        texts = await _rows(house, select(outbox.c.payload, outbox.c.key))
    sent_to = Counter(orjson.loads(row.payload)["to"] for row in texts)
    assert sent_to == {CALLER: TEXTS_A_DAY + 2, "+8613900000099": 3}
    assert not any(CALLER[1:] in row.key for row in texts)


@pytest.mark.parametrize("state", ["ready", "sending", "dead", "done"])
async def test_anonymity_takes_back_a_text_however_it_stands(tmp_path: Path, state: str) -> None:
    """In doubt or given up, it would name the caller for days."""
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE), TEXT, TellOffice(CASE, "water"))
        async with house.database.unit_of_work() as unit:
            await unit.execute(update(outbox).values(state=state))
        await house.journal.append(later_step("a", 2, MakeAnonymous(CASE)))
        kinds = await _rows(house, select(outbox.c.kind))
    assert [row.kind for row in kinds] == ["tell_office"]


async def test_anonymity_takes_back_number_unsent_text_and_links(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await _play(house, open_case(OTHER), call_id="before")
        await _play(house, open_case(CASE), TEXT)
        await _play(house, open_case("22222222"), call_id="after")
        await house.journal.append(later_step("a", 2, MakeAnonymous(CASE)))
        callers = await _rows(house, select(case_callers.c.reference))
        texts = await _rows(house, select(outbox).where(outbox.c.kind == "sms"))
        case = (await _rows(house, select(cases).where(cases.c.reference == CASE)))[0]
        note = (await _rows(house, select(case_events).order_by(case_events.c.id.desc()).limit(1)))[
            0
        ]
    assert {row.reference for row in callers} == {OTHER, "22222222"}
    assert texts == []
    assert case.confidentiality == Confidentiality.ANONYMOUS
    assert case.group_of is None, "a link to the caller's other case would name the caller"
    assert (note.reference, note.from_state, note.to_state) == (CASE, case.state, case.state)


async def test_anonymity_of_the_first_case_unlinks_the_later_ones(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE))
        await _play(house, open_case(OTHER), call_id="b")
        await house.journal.append(later_step("a", 2, MakeAnonymous(CASE)))
        group = await house.scalar(select(cases.c.group_of).where(cases.c.reference == OTHER))
    assert group is None


async def test_a_withdrawal_is_audited_once_and_only_of_an_open_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE), WithdrawCase(CASE), WithdrawCase(CASE))
        state = await house.scalar(select(cases.c.state))
        moves = await _rows(house, select(case_events).where(case_events.c.to_state == "withdrawn"))
    assert state == CaseState.WITHDRAWN
    assert [(move.from_state, move.actor) for move in moves] == [("dispatched", "caller")]
    assert moves[0].at == AT + timedelta(seconds=1)


async def test_pressure_is_noted_without_moving_the_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await _play(house, open_case(CASE), FlagPressure(CASE))
        last = (await _rows(house, select(case_events).order_by(case_events.c.id.desc()).limit(1)))[
            0
        ]
    assert (last.from_state, last.to_state) == ("dispatched", "dispatched")
    assert "pressure" in last.note


async def test_counters_know_the_local_day_and_no_person(tmp_path: Path) -> None:
    """17:00 UTC is the next day in Shanghai."""
    evening = _at(later_step("a", 2, NoteVerdict("genuine")), timedelta(hours=15))
    async with opened(tmp_path) as house:
        await _play(house, NoteVerdict("genuine"), NoteVerdict("genuine"), NoteStray("Recorded"))
        await house.journal.append(evening)
        told = await _rows(house, select(verdicts).order_by(verdicts.c.day))
        odd = await _rows(house, select(strays))
    assert [tuple(row) for row in told] == [
        ("2026-11-24", DIALLED, "genuine", 2), ("2026-11-25", DIALLED, "genuine", 1),
    ]  # fmt: skip
    assert [tuple(row) for row in odd] == [("2026-11-24", "Recorded", 1)]
