"""How many calls of a plan, or of some hours, a person accepted."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from ivr.flow.effect import NoteTaken
from ivr.ports.calls import CallEnd, Ending, first_id
from routing.publishing.answering import Answered
from storage.answering import StoredAnswerRates
from storage.tables.calls import leg_answers
from tests.storage.stepping import AT, House, first_step, later_step, opened


async def call(house: House, name: str, plan: int, accepted: bool | None, over: bool) -> None:
    """A call with this plan, whose leg was accepted, declined or never rung."""
    name = f"{first_id(AT)}-{name}"
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
        hour = timedelta(hours=1)
        of_plan, later = await rates.since(AT, 2), await rates.since(AT + hour, 2)
        both = await rates.since(AT - hour, 1)
        around = await rates.of_spans(((AT - hour, AT + hour), (AT + 5 * hour, AT + 6 * hour)))
        after, never = await rates.of_spans(((AT + hour, AT + 2 * hour),)), await rates.of_spans(())
    assert (of_plan, both, later) == (Answered(4, 2), Answered(5, 3), Answered(0, 0))
    assert around == Answered(5, 3)
    assert (after, never) == (Answered(0, 0), Answered(0, 0))


async def test_a_desk_that_takes_calls_without_a_key_has_answered_them(tmp_path: Path) -> None:
    """Only its carrier's word tells of it: counted as unanswered, a plan that rings such a desk
    would be taken back. Told twice, it is one; whoever was asked first is not overruled."""
    async with opened(tmp_path) as house:
        for name, said in (("a", None), ("b", False)):
            await call(house, name, 2, accepted=said, over=False)
            whole = f"{first_id(AT)}-{name}"
            await house.journal.append(later_step(whole, 1, NoteTaken(1, 1), NoteTaken(1, 1)))
            await house.calls.ended(whole, Ending(CallEnd.COMPLETED, 3, recording=False), AT)
        found = await StoredAnswerRates(house.database).since(AT, 2)
    assert found == Answered(2, 1)
