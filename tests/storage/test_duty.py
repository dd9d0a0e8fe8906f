"""Who of a roster is next: by turns, or by talks. Two calls at once get two."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from ivr.flow.effect import Duty, FindNext
from ivr.flow.event import NextOnDuty
from ivr.ports.calls import CallEnd, Ending, LegAnswer
from routing.rules.then import Order
from storage.answers import StoredAnswers
from tests.storage.stepping import AT, SEALING, House, call_of, first_step, opened

ROUND: Final = Duty("duty", Order.ROUND_ROBIN, ("ann", "bo", "cy"))
IDLE: Final = Duty("duty", Order.LONGEST_IDLE, ("ann", "bo", "cy"))


async def order(
    house: House, call: str, duty: Duty, at: datetime = AT, turn: int = 2
) -> tuple[str, ...]:
    """In which order a call rings them."""
    answers = StoredAnswers(house.database, SEALING, house.effects, ZoneInfo("Asia/Shanghai"))
    found = await answers.answer(call_of(call, turn), turn, FindNext((duty,)), at)
    assert isinstance(found, NextOnDuty)
    return found.orders["duty"]


async def talk(
    house: House, call: str, member: str, began: datetime, ended: datetime | None
) -> None:
    await house.journal.append(first_step(call))
    await house.calls.answer_leg(LegAnswer(call, 1, 0, True, f"duty/{member}", began))
    if ended is not None:
        await house.calls.ended(call, Ending(CallEnd.COMPLETED, 60, recording=False), ended)


def minutes(count: int) -> datetime:
    return AT + timedelta(minutes=count)


async def test_each_comes_first_in_turn(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        first = [(await order(house, f"c{n}", ROUND, minutes(n)))[0] for n in range(5)]
        assert first == ["ann", "bo", "cy", "ann", "bo"]

        assert await order(house, "next", ROUND, minutes(9)) == ("cy", "ann", "bo")


async def test_who_comes_back_on_duty_is_next(tmp_path: Path) -> None:
    """The others have had their turns meanwhile."""
    async with opened(tmp_path) as house:
        for n in range(3):
            await order(house, f"c{n}", Duty("duty", Order.ROUND_ROBIN, ("ann", "bo")), minutes(n))
        assert (await order(house, "later", ROUND, minutes(5)))[0] == "cy"


async def test_the_same_turn_again_hears_the_same(tmp_path: Path) -> None:
    """A webhook that is repeated takes nobody else's turn."""
    async with opened(tmp_path) as house:
        once = await order(house, "a", ROUND)
        assert (await order(house, "a", ROUND, minutes(1)))[0] == once[0]
        assert (await order(house, "b", ROUND, minutes(2)))[0] != once[0]


async def test_a_turn_that_is_asked_again_after_a_shift_has_ended_is_somebody_elses(
    tmp_path: Path,
) -> None:
    """Who had it is off duty; a step that is taken anew must not fail for that."""
    async with opened(tmp_path) as house:
        assert (await order(house, "a", ROUND))[0] == "ann"
        late = Duty("duty", Order.ROUND_ROBIN, ("bo", "cy"))
        assert (await order(house, "a", late, minutes(1)))[0] == "bo"
        assert (await order(house, "a", late, minutes(2)))[0] == "bo"


async def test_calls_at_once_are_spread(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for duty in (ROUND, IDLE):
            orders = await asyncio.gather(
                *(order(house, f"{duty.order}{n}", duty) for n in range(3))
            )
            assert {found[0] for found in orders} == {"ann", "bo", "cy"}


async def test_who_has_not_talked_for_longest_is_next(tmp_path: Path) -> None:
    """Who talks now comes last, however long ago that began."""
    async with opened(tmp_path) as house:
        await talk(house, "x", "ann", minutes(0), minutes(9))
        await talk(house, "y", "bo", minutes(1), minutes(4))
        await talk(house, "z", "cy", minutes(2), None)

        assert await order(house, "next", IDLE, minutes(20)) == ("bo", "ann", "cy")


async def test_a_talk_whose_end_was_never_told_is_over_some_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await talk(house, "x", "ann", AT, None)
        hours = AT + timedelta(hours=5)
        await talk(house, "y", "bo", AT, AT + timedelta(hours=1))
        await talk(house, "z", "cy", AT, AT + timedelta(hours=2))

        assert await order(house, "next", IDLE, hours) == ("ann", "bo", "cy")
