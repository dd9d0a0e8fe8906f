"""A mail says how its case stands: what waits, who sent it, and where perhaps nothing was said."""

from dataclasses import replace
from typing import Final

import pytest

from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.cases.moves import CaseMove, Reason, Way
from routing.cases.sorting import Doubt, Unclear
from routing.cases.words import Correction, Words
from routing.ports import OfficeCase
from tests.routing.delivery.office import CASE, NOW, RECORDING, Cases
from tests.routing.delivery.test_telling import told

CALM: Final = replace(CASE, danger=False)
SHORT: Final = replace(RECORDING, seconds=1, words=())
SENT: Final = CaseMove(1, Way.PERSON, "市水利局", "市公安局", "safety", None, NOW)


async def text_of(plan: Plan, case: OfficeCase) -> str:
    return (await told(plan, Cases(case))).text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"to_sort": Unclear(Doubt.NONE), "unsorted": True, "topic": None}, "待人工分办"),
        ({"unsorted": True, "topic": None}, "没有选事项，尚待分办"),
        ({"trail": (SENT,)}, "由市水利局转来。\nSent on by Bureau of Water Resources."),
        ({"trail": (replace(SENT, way=Way.WORDS),)}, "由市水利局转来。"),
        (
            {"trail": (replace(SENT, way=Way.RETURNED, reason=Reason.OTHER_AREA),)},
            "市水利局退回：不在本辖区。请重新分办。",
        ),
        ({"trail": (replace(SENT, way=Way.TAKEN_BACK),)}, "分办已从市水利局撤回"),
        ({"recordings": (SHORT,)}, "可能没有留言"),
    ],
)
async def test_it_is_said_in_both_languages_and_only_where_it_is_so(
    demo_plan: Plan, changes: dict[str, object], says: str
) -> None:
    told_of = await text_of(demo_plan, replace(CALM, **changes))  # type: ignore[arg-type]  # a test's shorthand

    assert says in told_of
    assert says not in await text_of(demo_plan, CALM)


async def test_a_sealed_case_does_not_say_who_sent_it(demo_plan: Plan) -> None:
    sealed = replace(CALM, confidentiality=Confidentiality.CONFIDENTIAL, trail=(SENT,))

    assert "市水利局" not in await text_of(demo_plan, sealed)


@pytest.mark.parametrize(
    ("changes", "perhaps"),
    [
        ({"recordings": (SHORT,)}, True),
        ({"recordings": (SHORT, SHORT)}, True),
        ({"recordings": ()}, False),
        ({"recordings": (SHORT,), "danger": True}, False),
        ({"recordings": (replace(SHORT, seconds=2),)}, False),
        ({"recordings": (SHORT, RECORDING)}, False),
        ({"recordings": (replace(SHORT, words=(Words("停水", "carrier"),)),)}, False),
        ({"recordings": (replace(SHORT, corrections=(Correction("喂", "x", NOW),)),)}, False),
    ],
)
def test_a_tone_and_a_hang_up_are_perhaps_nothing(
    changes: dict[str, object], perhaps: bool
) -> None:
    assert replace(CALM, **changes).perhaps_nothing is perhaps  # type: ignore[arg-type]  # a test's shorthand
