"""How a case stands is told in both languages, whichever state it can be in today."""

from datetime import UTC, datetime

import pytest

from ivr.flow.advance import advance
from ivr.flow.call import Call
from ivr.flow.event import CaseFound, Found, Pressed
from ivr.flow.instruction import Ask, Language
from ivr.flow.standing import STANDING
from ivr.flow.world import Plan, World
from routing.cases.case import CaseState

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


def test_every_state_has_words() -> None:
    assert STANDING.keys() == set(CaseState)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("state", sorted(CaseState))
def test_a_case_is_told_with_its_tail(
    demo_plan: Plan, state: CaseState, language: Language
) -> None:
    call = Call("c", None, "+865580000021", language, "progress", 1, NOW)
    found = CaseFound("46270395", state, "市公安局", DUE)

    turn = advance(World(demo_plan, NOW), call, Found(Pressed("462703951825"), (found,)))

    asked = turn.say[-1]
    assert isinstance(asked, Ask)
    tail = {"zh-CN": "零三九五", "en": "zero three nine five"}[language]
    assert tail in asked.prompts[0].text
    assert "{" not in asked.prompts[0].text
