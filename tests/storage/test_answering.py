"""How many calls of a plan, or of some hours, a person accepted."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from ivr.ports.calls import CallEnd, Ending
from routing.publishing.answering import Answered
from storage.answering import StoredAnswerRates
from storage.tables.calls import leg_answers
from tests.storage.stepping import AT, House, first_step, opened


async def call(house: House, name: str, plan: int, accepted: bool | None, over: bool) -> None:
    """A call with this plan, whose leg was accepted, declined or never rung."""
    step = first_step(name)
    await house.journal.append(replace(step, call=replace(step.call, plan=plan)))
    if accepted is not None:
        row = {"call_id": name, "turn": 1, "leg": 1, "accepted": accepted, "at": AT}
        await house.database.brief(lambda unit: unit.execute(insert(leg_answers).values(row)))
    if over:
        await house.calls.ended(name, Ending(CallEnd.COMPLETED, 3, recording=False), AT)


async def test_calls_that_are_neither_over_nor_accepted_are_not_counted(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await call(house, "a", 2, accepted=True, over=True)
        await call(house, "b", 2, accepted=True, over=False)
        await call(house, "c", 2, accepted=False, over=True)
        await call(house, "d", 2, accepted=None, over=True)
        await call(house, "e", 2, accepted=None, over=False)
        await call(house, "f", 1, accepted=True, over=True)
        rates = StoredAnswerRates(house.database)
        of_plan = await rates.of_plan(2)
        hour = timedelta(hours=1)
        around = await rates.of_hours(((AT - hour, AT + hour), (AT + 5 * hour, AT + 6 * hour)))
        after = await rates.of_hours(((AT + hour, AT + 2 * hour),))
    assert of_plan == Answered(4, 2)
    assert around == Answered(5, 3)
    assert after == Answered(0, 0)
