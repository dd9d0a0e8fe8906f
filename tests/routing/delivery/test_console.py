"""The office is told where its case is, never what it says, and never whose number called."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr.flow.world import Plan
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import Kind
from routing.delivery.console import ConsoleMail
from routing.handoff import Refused
from routing.ports import Job, OfficeCase, SentMail

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CASE = OfficeCase(
    reference="46270395",
    office="市公安局",
    dialled="+865580000021",
    kind=Kind.HELP,
    about=None,
    topic="safety",
    state=CaseState.DISPATCHED,
    confidentiality=Confidentiality.NAMED,
    danger=True,
    language="zh-CN",
    caller="…12",
    opened_at=NOW,
    due=datetime(2026, 11, 30, 9, 30, tzinfo=UTC),
)


class StoppedClock:
    def now(self) -> datetime:
        return NOW


class Cases:
    def __init__(self, *cases: OfficeCase) -> None:
        self._cases = {case.reference: case for case in cases}

    async def case(self, reference: str) -> OfficeCase | None:
        return self._cases.get(reference)


async def mail(
    plan: Plan, cases: Cases, reference: str = "46270395", *, danger: bool = False
) -> SentMail:
    written: list[SentMail] = []

    async def write(mail: SentMail) -> None:
        written.append(mail)

    deliver = ConsoleMail(
        cases,
        lambda: plan.directory,
        write,
        lambda office: f"/demo/office/{office}",
        StoppedClock(),
    )
    told: dict[str, object] = {"reference": reference, "office": "市公安局"}
    await deliver(Job(1, "tell_office", told | ({"danger": True} if danger else {}), 1))
    return written[0]


async def test_the_mail_says_which_case_by_when_and_where(demo_plan: Plan) -> None:
    sent = await mail(demo_plan, Cases(CASE))

    assert sent.to == "office07@yunling.example"
    assert sent.subject == "【危险】新工单 4627 0395 · 求助 · New case, help"
    assert "2026-11-30 17:30" in sent.text
    assert "工单4627 0395" in sent.text
    assert "Case 4627 0395" in sent.text
    assert sent.text.count("/demo/office/市公安局\n") == 1
    assert CASE.caller is not None
    assert CASE.caller not in sent.subject + sent.text


async def test_a_message_of_an_outage_says_that_nobody_sorted_it(demo_plan: Plan) -> None:
    left = replace(CASE, left_in_outage=True, danger=False)
    unsorted = await mail(demo_plan, Cases(replace(left, kind=None, topic=None)))
    told = await mail(demo_plan, Cases(left))

    assert unsorted.subject == (
        "新工单 4627 0395 · 故障期间留言，未分类"
        " · New case, left while the system was down, unsorted"
    )
    assert "还没有分类，请先听录音" in unsorted.text
    assert "nobody has sorted it" in unsorted.text
    assert "故障期间留言，求助" in told.subject
    assert "分类" not in told.text


async def test_the_same_case_is_the_same_mail(demo_plan: Plan) -> None:
    assert (await mail(demo_plan, Cases(CASE))).id == (await mail(demo_plan, Cases(CASE))).id


async def test_a_case_that_is_not_kept_is_given_up(demo_plan: Plan) -> None:
    with pytest.raises(Refused, match="not kept"):
        await mail(demo_plan, Cases())


async def test_danger_in_a_recording_is_another_mail_that_says_to_listen(demo_plan: Plan) -> None:
    first = await mail(demo_plan, Cases(CASE))
    again = await mail(demo_plan, Cases(CASE), danger=True)

    assert again.id != first.id
    assert "危险" in again.subject
    assert "Danger" in again.subject
    assert "请马上听录音" in again.text
    assert "listen and act at once" in again.text
    assert "/demo/office/市公安局" in again.text
