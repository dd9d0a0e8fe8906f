"""Offices are told that a case has gone from one to the other: once, and each what is its own."""

from dataclasses import replace

import pytest

from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.delivery.letter import Letter, News, letter
from routing.handoff import Refused
from routing.ports import Job
from tests.routing.delivery.office import CASE, Cases
from tests.routing.delivery.test_telling import WITH_WORDS, telling, told


async def moving(plan: Plan, cases: Cases, office: str = "市政府") -> list[Letter]:
    posted: list[Letter] = []
    payload = {"reference": "46270395", "office": office}
    await telling(plan, cases, posted).of_move(Job(1, "tell_moved", payload, 1))
    return posted


async def test_an_office_hears_that_its_case_has_gone_to_another(demo_plan: Plan) -> None:
    (sent,) = await moving(demo_plan, Cases(WITH_WORDS))

    assert sent.to == demo_plan.directory.offices["市政府"].email
    assert sent.subject == "工单 4627 0395 · 已转其他单位 · Gone to another office"
    assert "工单4627 0395已转到市公安局办理，你单位不用再办。" in sent.text
    assert "Case 4627 0395 has gone to Public Security Bureau" in sent.text
    assert "期限不变" in sent.html
    assert "路灯" not in sent.text
    assert sent.id != (await told(demo_plan, Cases(CASE))).id


@pytest.mark.parametrize("level", [Confidentiality.CONFIDENTIAL, Confidentiality.ANONYMOUS])
async def test_where_a_sealed_case_has_gone_is_not_written(
    demo_plan: Plan, level: Confidentiality
) -> None:
    (sent,) = await moving(demo_plan, Cases(replace(CASE, confidentiality=level)))

    assert "已转到其他单位办理" in sent.text
    assert "公安" not in sent.subject + sent.text + sent.html


def test_whoever_writes_of_a_move_writes_nothing_else(demo_plan: Plan) -> None:
    """A chat's message is made of a letter, too."""
    office = demo_plan.directory.offices["市政府"]
    told = letter(WITH_WORDS, office, demo_plan.directory, "/page", News.MOVED, most=200)

    assert "已转到市公安局" in told.text
    assert "新工单" not in told.subject
    assert "路灯" not in told.text + told.html


async def test_an_office_that_left_the_register_is_told_of_by_nobody(demo_plan: Plan) -> None:
    with pytest.raises(Refused, match="register"):
        await moving(demo_plan, Cases(CASE), "gone")


async def test_the_office_that_a_case_went_to_gets_a_mail_of_its_own(demo_plan: Plan) -> None:
    posted: list[Letter] = []
    payload = {"reference": "46270395", "office": "市公安局", "of": "moved to 市公安局"}
    await telling(demo_plan, Cases(WITH_WORDS), posted).of_case(Job(1, "tell_office", payload, 1))

    (sent,) = posted
    assert sent.to == "office07@yunling.example"
    assert "楼下的路灯" in sent.text
    assert sent.id.startswith("case-46270395-")


async def test_an_office_is_not_told_of_a_case_that_has_left_it_meanwhile(demo_plan: Plan) -> None:
    posted: list[Letter] = []
    payload = {"reference": "46270395", "office": "市政府"}
    await telling(demo_plan, Cases(CASE), posted).of_case(Job(1, "tell_office", payload, 1))

    assert posted == []
