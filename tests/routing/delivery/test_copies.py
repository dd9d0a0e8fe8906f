"""An office that a rule has told of another's case hears which and whose, never who rang."""

from dataclasses import replace

import pytest

from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.cases.kinds import About, Kind
from routing.delivery.letter import Letter
from routing.handoff import Refused
from routing.ports import Job
from tests.routing.delivery.office import CASE, Cases
from tests.routing.delivery.test_telling import WITH_WORDS, telling


async def copied(plan: Plan, cases: Cases, office: str = "市政府") -> list[Letter]:
    posted: list[Letter] = []
    payload = {"reference": "46270395", "office": office}
    await telling(plan, cases, posted).of_copy(Job(1, "tell_copy", payload, 1))
    return posted


async def test_a_copy_says_who_deals_with_the_case(demo_plan: Plan) -> None:
    (sent,) = await copied(demo_plan, Cases(WITH_WORDS))

    assert sent.to == demo_plan.directory.offices["市政府"].email
    assert sent.subject == "抄送：工单 4627 0395 · Copy: a case of another office"
    assert "工单4627 0395由市公安局办理，抄送你单位知悉，不用办理。" in sent.text
    assert "Case 4627 0395 is dealt with by Public Security Bureau" in sent.text
    assert "求助" in sent.text
    assert "路灯" not in sent.text + sent.html
    assert "…12" not in sent.text + sent.html


@pytest.mark.parametrize("level", [Confidentiality.CONFIDENTIAL, Confidentiality.ANONYMOUS])
async def test_a_copy_of_a_sealed_case_says_nothing_of_it(
    demo_plan: Plan, level: Confidentiality
) -> None:
    (sent,) = await copied(demo_plan, Cases(replace(CASE, confidentiality=level)))

    assert "求助" not in sent.text
    assert not sent.named


async def test_the_case_has_become_the_copied_offices_own(demo_plan: Plan) -> None:
    assert await copied(demo_plan, Cases(replace(CASE, office="市政府"))) == []


async def test_whom_a_complaint_is_about_gets_no_copy(demo_plan: Plan) -> None:
    about = replace(CASE, office="市政府", kind=Kind.COMPLAINT, about=About.THIS_OFFICE)

    with pytest.raises(Refused, match="copies"):
        await copied(demo_plan, Cases(about), "市公安局")


async def test_an_office_that_left_the_register_gets_none(demo_plan: Plan) -> None:
    with pytest.raises(Refused, match="register"):
        await copied(demo_plan, Cases(CASE), "gone")
