"""Texts to the phones of offices, against the embedded carrier: a number, a kind and a date; once,
also when the carrier's answer was lost."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.carrier.account import Account
from ivr.carrier.client import Messages
from ivr.carrier.office_texts import OfficeTexts, office_text
from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.delivery.letter import News
from routing.handoff import Refused
from routing.ledger import LOOK
from routing.ports import Job, OfficeCase
from tests.ivr.carrier.local.house import ACCOUNT, LINE, TOKEN, House
from tests.routing.delivery.office import CASE, RECORDING, Cases

PHONE = "+8613900000107"
QUIET = replace(CASE, danger=False, recordings=(RECORDING,))
SEALED = replace(QUIET, confidentiality=Confidentiality.ANONYMOUS)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as made:
        yield made


class Desk:
    """Sends texts of one case by a line, in the plan's words."""

    def __init__(self, house: House, plan: Plan) -> None:
        self._plan = plan
        self._messages = Messages(Account(ACCOUNT, TOKEN, f"{house.base}/line"), house.session)
        self.taken: list[str] = []

    def text(self, case: OfficeCase, news: News = News.CASE) -> str:
        return office_text(case, news, self._plan.phrases, self._plan.zone)

    async def send(self, case: OfficeCase, job: Job) -> None:
        async def taken(_: Job, sid: str) -> None:
            self.taken.append(sid)

        await OfficeTexts(self._messages, Cases(case).case, self.text, taken)(job)

    def job(self, case: OfficeCase, attempts: int = 1, **more: object) -> Job:
        open_ = case.confidentiality is Confidentiality.NAMED
        payload = {"reference": case.reference, "office": case.office, "news": "case", "to": PHONE}
        payload |= {"from": LINE, "text": self.text(case)}
        return Job(1, "text_office", {**payload, "open": open_, **more}, attempts, "key")


def words(plan: Plan, case: OfficeCase, news: News = News.CASE) -> str:
    return office_text(case, news, plan.phrases, plan.zone)


def test_a_text_says_which_case_of_what_kind_by_when(demo_plan: Plan) -> None:
    assert words(demo_plan, QUIET) == (
        "【云岭直通】新工单4627 0395（求助），请于11月30日（星期一）17:30前答复，详情见单位邮箱。\n"
        "Zhitong: new case 4627 0395 (help), answer by 17:30 on Monday, 30 November. "
        "Details are in the office's mail."
    )


def test_danger_is_said_first(demo_plan: Plan) -> None:
    for text in (words(demo_plan, QUIET, News.DANGER), words(demo_plan, CASE)):
        assert text.startswith("【云岭直通】紧急：工单4627 0395提到有危险，请立即查看、处理")
        assert "Zhitong: DANGER in case 4627 0395. Please see to it at once" in text


def test_a_case_that_nobody_accepts_is_said_so_before_its_danger(demo_plan: Plan) -> None:
    text = words(demo_plan, CASE, News.ESCALATED)

    assert "督办：工单4627 0395逾期未签收" in text
    assert "case 4627 0395 was not accepted in time" in text


@pytest.mark.parametrize("case", [SEALED, replace(QUIET, due=None), replace(SEALED, danger=True)])
def test_of_a_sealed_case_and_of_one_without_a_date_it_says_the_number(
    demo_plan: Plan, case: OfficeCase
) -> None:
    text = words(demo_plan, case)

    assert "4627 0395" in text
    for secret in ("求助", "help", "11月", "路灯", "…12", "治安"):
        assert secret not in text


def test_no_text_holds_the_matter(demo_plan: Plan) -> None:
    for news in News:
        for secret in ("路灯", "…12", "治安", "police"):
            assert secret not in words(demo_plan, QUIET, news)


def test_a_message_that_nobody_sorted_is_a_call(demo_plan: Plan) -> None:
    assert "（来电）" in words(demo_plan, replace(QUIET, kind=None))


async def test_it_comes_from_the_number_that_was_dialled(house: House, demo_plan: Plan) -> None:
    desk = Desk(house, demo_plan)
    await desk.send(QUIET, desk.job(QUIET))
    (sent,) = house.line.texts()

    assert (sent.to, sent.text) == (PHONE, desk.text(QUIET))
    assert len(desk.taken) == 1


async def test_one_in_doubt_is_looked_up_and_not_sent_twice(house: House, demo_plan: Plan) -> None:
    desk = Desk(house, demo_plan)
    await desk.send(QUIET, desk.job(QUIET))
    await desk.send(QUIET, desk.job(QUIET, attempts=2))

    assert len(house.line.texts()) == 1
    assert len(set(desk.taken)) == 1


async def test_one_in_doubt_that_never_went_out_is_sent(house: House, demo_plan: Plan) -> None:
    desk = Desk(house, demo_plan)
    await desk.send(QUIET, desk.job(QUIET, attempts=2))

    assert len(house.line.texts()) == 1


async def test_a_case_that_was_sealed_before_the_text_went_out_is_a_number(
    house: House, demo_plan: Plan
) -> None:
    desk = Desk(house, demo_plan)
    await desk.send(SEALED, desk.job(QUIET))
    (sent,) = house.line.texts()

    assert sent.text == desk.text(SEALED)
    assert "求助" not in sent.text


async def test_one_that_went_out_before_its_case_was_sealed_is_found(
    house: House, demo_plan: Plan
) -> None:
    desk = Desk(house, demo_plan)
    await desk.send(QUIET, desk.job(QUIET))
    await desk.send(SEALED, desk.job(QUIET, attempts=2))

    assert len(house.line.texts()) == 1


async def test_one_that_was_given_up_is_looked_up_and_not_sent(
    house: House, demo_plan: Plan
) -> None:
    desk = Desk(house, demo_plan)
    with pytest.raises(Refused, match="no such text"):
        await desk.send(QUIET, desk.job(QUIET, attempts=2, **{LOOK: True}))

    assert house.line.texts() == ()


async def test_a_case_that_is_not_kept_is_given_up(house: House, demo_plan: Plan) -> None:
    desk = Desk(house, demo_plan)
    with pytest.raises(Refused, match="not kept"):
        await desk.send(replace(QUIET, reference="1"), desk.job(QUIET))
