"""Words of danger in a recording make its case urgent, whoever heard them and whenever."""

from datetime import UTC, datetime

import pytest

from ivr.flow.world import Plan
from ivr.transcription.errand import Heeding
from routing.handoff import CASE_COMES, TryAgain
from routing.ports import Job, Statement

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW


class Statements:
    """What was heard in each recording; which cases were marked."""

    def __init__(self, **said: Statement) -> None:
        self._said = said
        self.marked: list[tuple[str, datetime]] = []

    async def statement(self, sid: str) -> Statement | None:
        return self._said.get(sid)

    async def mark_danger(self, reference: str, now: datetime) -> bool:
        self.marked.append((reference, now))
        return True


async def heed(plan: Plan, statements: Statements, tries: int = 1) -> None:
    job = Job(1, "heed", {"recording": "RE1"}, 50, failures=tries - 1)
    await Heeding(statements, lambda: plan.vocabulary, StoppedClock())(job)


@pytest.mark.parametrize(
    "text",
    [
        "我是东街三号的，楼下着火了，楼梯上全是烟",
        "There is a fire in the stairwell of our house, people are trapped",
        "Hello, 救命",
        "家里停水了。" * 200 + "快来人，救命！",
    ],
)
async def test_a_statement_that_speaks_of_danger_marks_its_case(demo_plan: Plan, text: str) -> None:
    statements = Statements(RE1=Statement("46270395", ("听不清", text)))

    await heed(demo_plan, statements)

    assert statements.marked == [("46270395", NOW)]


@pytest.mark.parametrize(
    "text", ["家里停水三天了，希望尽快修好", "I ask about fire safety rules", "路灯不亮", ""]
)
async def test_any_other_statement_marks_nothing(demo_plan: Plan, text: str) -> None:
    statements = Statements(RE1=Statement("46270395", (text,)))

    await heed(demo_plan, statements)

    assert statements.marked == []


async def test_words_that_come_before_their_case_wait_for_it(demo_plan: Plan) -> None:
    statements = Statements(RE1=Statement(None, ("着火了",)))

    with pytest.raises(TryAgain, match="no case yet"):
        await heed(demo_plan, statements)
    await heed(demo_plan, statements, CASE_COMES)  # nobody was heard: there will be none

    assert statements.marked == []


async def test_words_that_are_no_longer_kept_are_nothing(demo_plan: Plan) -> None:
    await heed(demo_plan, Statements())
