"""A case is accepted once, by the table, with its audit row, from whichever door; and then nobody
further is told of it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from ivr.flow.effect import WithdrawCase
from ivr.ports.calls import LegAnswer
from routing.accounts.roles import Actor, Role
from routing.cases.case import CaseState
from routing.cases.ladder import TOP
from routing.cases.transitions import IllegalTransition, UnknownCase
from routing.casework import MOST_BY, Casework
from routing.trail import Search
from storage.audit import StoredAudit
from storage.cases import StoredCases
from storage.outbox import StoredOutbox
from storage.tables.cases import case_events, cases
from storage.tables.outbox import outbox
from tests.storage.stepping import (
    AT,
    DIALLED,
    House,
    StoppedAt,
    first_step,
    follow,
    later_step,
    open_case,
    opened,
    rung_of,
)

CASE: Final = "46270395"
HOUR: Final = timedelta(hours=1)


def work(house: House) -> Casework:
    return Casework(StoredCases(house.database, house.recordings), StoppedAt())


async def a_case(house: House) -> None:
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, open_case(CASE)))


async def state(house: House) -> Any:
    return await house.scalar(select(cases.c.state))


async def moves(house: House) -> list[tuple[str, str, str]]:
    query = select(case_events).order_by(case_events.c.id)
    rows = await house.database.read(query)
    return [(row.to_state, row.actor, row.note) for row in rows if row.actor == "office"]


async def steps(house: House) -> list[tuple[str, str]]:
    query = select(outbox).where(outbox.c.kind == "escalate").order_by(outbox.c.id)
    return [(row.key, row.state) for row in await house.database.read(query)]


async def test_it_is_accepted_once_with_its_audit_row(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        both = await asyncio.gather(*(work(house).accept(CASE, "office page") for _ in range(2)))

        assert sorted(both) == [False, True]
        assert await state(house) == CaseState.IN_PROGRESS
        assert await moves(house) == [("in_progress", "office", "accepted: office page")]


async def test_who_accepted_is_kept_within_bounds(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        await work(house).accept(CASE, "x" * 1_000)

        assert await moves(house) == [("in_progress", "office", f"accepted: {'x' * MOST_BY}")]


async def test_what_is_not_there_or_has_ended_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        await house.journal.append(later_step("a", 2, WithdrawCase(CASE)))
        with pytest.raises(IllegalTransition, match="from withdrawn to in_progress"):
            await work(house).accept(CASE, "office page")
        with pytest.raises(UnknownCase):
            await work(house).accept("10000007", "office page")

        assert await state(house) == CaseState.WITHDRAWN
        assert await moves(house) == []


async def test_a_step_is_arranged_once_and_danger_brings_it_forward(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await follow(house, rung_of(CASE, "water", 2, AT + 2 * HOUR))
        await follow(house, rung_of(CASE, "water", 2, AT + HOUR))
        assert await house.scalar(select(outbox.c.run_at)) == AT + 2 * HOUR
        await follow(house, rung_of(CASE, "water", 2, AT + HOUR, sooner=True))
        await follow(house, rung_of(CASE, "water", 2, AT + 3 * HOUR, sooner=True))

        assert await house.scalar(select(outbox.c.run_at)) == AT + HOUR
        assert await steps(house) == [(f"escalate:{CASE}:2", "ready")]


async def test_whoever_accepts_ends_the_ladder(tmp_path: Path) -> None:
    """One step waits, one was given up loudly, one is at work just now: its end changes nothing."""
    async with opened(tmp_path) as house:
        await a_case(house)
        store = StoredOutbox(house.database)
        await follow(house, rung_of(CASE, "water", TOP, AT))
        (top,) = await store.claim(AT, 1)
        await store.give_up(top, AT, "nobody has accepted this case")
        await follow(house, rung_of(CASE, "water", 2, AT))
        (job,) = await store.claim(AT, 1)
        await follow(house, rung_of(CASE, "water", 3, AT + HOUR))

        await work(house).accept(CASE, "office page")
        await store.give_up(job, AT, "the far side says no")

        assert {state for _, state in await steps(house)} == {"done"}
        assert not await store.claim(AT + 2 * HOUR, 9)


async def test_a_case_that_its_caller_withdraws_climbs_no_further(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        await follow(house, rung_of(CASE, "water", 2, AT))
        await house.journal.append(later_step("a", 2, WithdrawCase(CASE)))

        assert await steps(house) == [(f"escalate:{CASE}:2", "done")]


@pytest.mark.parametrize(
    ("accepted", "office", "now"),
    [
        (True, "water", CaseState.IN_PROGRESS),
        (True, "police", CaseState.DISPATCHED),
        (False, "water", CaseState.DISPATCHED),
    ],
)
async def test_who_takes_the_call_accepts_its_case_where_it_is_their_offices(
    tmp_path: Path, accepted: bool, office: str, now: CaseState
) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        answer = LegAnswer("a", 2, 0, accepted, DIALLED, AT, office)
        for _ in range(2):
            await house.calls.answer_leg(answer)

        assert await state(house) == now
        assert len(await moves(house)) == (now is CaseState.IN_PROGRESS)


async def test_a_later_word_does_not_undo_the_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        for accepted in (False, True):
            await house.calls.answer_leg(LegAnswer("a", 2, 0, accepted, DIALLED, AT, "water"))

        assert await state(house) == CaseState.DISPATCHED


async def test_who_is_signed_in_stands_in_the_chain_once_and_by_no_name_beside_the_case(
    tmp_path: Path,
) -> None:
    zhao = Actor("0123456789ab", "zhao", Role.OFFICE, "water")
    async with opened(tmp_path) as house:
        await a_case(house)
        await asyncio.gather(*(work(house).accept(CASE, zhao) for _ in range(3)))

        assert await moves(house) == [("in_progress", "office", "accepted: office 0123456789ab")]
        found = await StoredAudit(house.database).search(Search(), most=9)
        assert [(one.link.actor, one.link.action, one.link.subject) for one in found] == [
            ("0123456789ab", "case.accepted", f"case:{CASE}")
        ]
        assert found[0].by == "zhao"
