"""Chat services through apprise, against robots on this machine that answer as theirs do."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from aiohttp import web

from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.cases.words import Words
from routing.delivery.letter import News
from routing.delivery.notice import Notice
from routing.delivery.notify import MOST_BYTES, NotifyPost, fault_of, missing
from routing.handoff import TryAgain
from tests.routing.delivery.office import CASE, RECORDING
from tests.routing.delivery.receiver import receiving

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise looks for a module that Python drops."""

KEY: Final = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
ROBOTS: Final = {
    "wecom": f"wecombot://{KEY}",
    "dingtalk": "dingtalk://SECabc123@token123",
    "feishu": f"feishu://{KEY}",
}
TAKEN: Final = {
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"code": 0, "msg": "success", "data": {}},
}
REFUSED: Final = {
    "wecom": {"errcode": 45009, "errmsg": "api freq out of limit"},
    "dingtalk": {"errcode": 310000, "errmsg": "sign not match"},
    "feishu": {"code": 9499, "msg": "Bad Request", "data": {}},
}


@dataclass
class Robot:
    """Answers as told; keeps the texts that it was sent, whichever way they stand in it."""

    answer: Any
    status: int = 200
    said: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        told = await request.json()
        self.paths.append(request.path_qs)
        self.said.append(str(told.get("text", told.get("content", told))))
        self.whole = told
        text = self.answer if isinstance(self.answer, str) else json.dumps(self.answer)
        headers = {"Location": "/elsewhere"} if self.status in {302, 307} else {}
        return web.Response(text=text, status=self.status, headers=headers)


def notice(plan: Plan, news: News = News.CASE, **changes: Any) -> Notice:
    case = replace(CASE, **changes)
    office = plan.directory.offices[case.office]
    return Notice(case, office, plan.directory, "https://zhitong.example/case", news)


def post_to(port: int, service: str) -> NotifyPost:
    """One whose service is on this machine."""
    post = NotifyPost(ROBOTS[service])
    assert post._apprise is not None
    plugin: Any = post._apprise[0]
    plugin.notify_url = f"http://127.0.0.1:{port}/{{token}}"
    plugin.api_url = f"http://127.0.0.1:{port}/send?key={KEY}"
    return post


@pytest.mark.parametrize("service", ROBOTS)
async def test_a_chat_reads_which_case_by_when_and_where(demo_plan: Plan, service: str) -> None:
    robot = Robot(TAKEN[service])
    async with receiving(robot) as port:
        await post_to(port, service)(notice(demo_plan))
    (said,) = robot.said

    for part in ("【危险】新工单 4627 0395", "求助 · help", "请于2026-11-30 17:30前答复", "…12"):
        assert part in said
    assert "https://zhitong.example/case" in said


@pytest.mark.parametrize("service", ROBOTS)
async def test_a_refusal_is_one_also_with_a_status_of_200(demo_plan: Plan, service: str) -> None:
    robot = Robot(REFUSED[service])
    async with receiving(robot) as port:
        with pytest.raises(TryAgain, match="did not take the message") as caught:
            await post_to(port, service)(notice(demo_plan))

    assert len(robot.said) == 1, "the outbox repeats, not apprise"
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("service", ["wecom", "dingtalk"])
async def test_an_answer_that_is_none_is_a_refusal(demo_plan: Plan, service: str) -> None:
    async with receiving(Robot("<html>log in first</html>")) as port:
        with pytest.raises(TryAgain):
            await post_to(port, service)(notice(demo_plan))


@pytest.mark.parametrize("service", ROBOTS)
@pytest.mark.parametrize("status", [302, 307, 404, 429, 500])
async def test_a_status_is_heeded_and_no_redirect_followed(
    demo_plan: Plan, service: str, status: int
) -> None:
    robot = Robot(TAKEN[service], status)
    async with receiving(robot) as port:
        with pytest.raises(TryAgain):
            await post_to(port, service)(notice(demo_plan))

    assert len(robot.paths) == 1
    assert "/elsewhere" not in robot.paths


async def test_nobody_there_is_asked_again(demo_plan: Plan) -> None:
    async with receiving(Robot({})) as port:
        pass
    with pytest.raises(TryAgain):
        await post_to(port, "wecom")(notice(demo_plan))


@pytest.mark.parametrize("service", ROBOTS)
async def test_hostile_words_call_nobody_and_change_nothing(demo_plan: Plan, service: str) -> None:
    said = '<at user_id="all">所有人</at> @all {{x}} ${PATH} \\n **加粗** :smile: ' + "长" * 5_000
    heard = replace(RECORDING, words=(Words(said, "carrier"),))
    robot = Robot(TAKEN[service])
    async with receiving(robot) as port:
        await post_to(port, service)(notice(demo_plan, recordings=(heard,)))
    (text,) = robot.said

    assert not set("<>@") & set(text)
    assert "＜at user_id=" in text
    assert "＠all" in text
    for kept in ("{{x}}", "${PATH}", "**加粗**", ":smile:"):
        assert kept in text
    assert text.count("长") < 200
    assert "at" not in robot.whole or not robot.whole["at"].get("isAtAll")


@pytest.mark.parametrize("news", News)
async def test_every_message_fits_a_wecom_robot(demo_plan: Plan, news: News) -> None:
    heard = replace(RECORDING, words=(Words("长" * 5_000, "carrier", 0.1),))
    robot = Robot(TAKEN["wecom"])
    async with receiving(robot) as port:
        await post_to(port, "wecom")(notice(demo_plan, news, recordings=(heard, heard)))

    content = robot.whole["text"]["content"]
    assert len(content.encode()) <= MOST_BYTES + 2


@pytest.mark.parametrize("level", [Confidentiality.CONFIDENTIAL, Confidentiality.ANONYMOUS])
async def test_of_a_sealed_case_a_chat_reads_its_number(
    demo_plan: Plan, level: Confidentiality
) -> None:
    robot = Robot(TAKEN["feishu"])
    async with receiving(robot) as port:
        await post_to(port, "feishu")(
            notice(demo_plan, confidentiality=level, recordings=(RECORDING,))
        )
    (said,) = robot.said

    assert "工单4627 0395" in said
    for secret in ("求助", "help", "治安", "路灯", "…12", "2026-11-30"):
        assert secret not in said


@pytest.mark.parametrize("url", [*ROBOTS.values(), "json://10.0.0.5/zhitong"])
def test_an_address_of_apprise_is_none_to_mend(url: str) -> None:
    assert fault_of(url) == ""


@pytest.mark.parametrize("url", ["", "wecombot://", "weixxx://hush", "https://hush.example", "x"])
def test_any_other_is_named_without_being_repeated(
    url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    told = fault_of(url)

    assert told.startswith("is no address of a service that apprise knows")
    out = "".join(capfd.readouterr()) + caplog.text
    assert "hush" not in told + out


@pytest.mark.parametrize(
    "url",
    ["json://desk.example/hush", "json://93.184.216.34/hush", "mailto://me:hush@desk.example"],
)
def test_in_clear_no_words_leave_the_own_network(url: str) -> None:
    told = fault_of(url)

    assert told.startswith("would tell a caller's words to everybody")
    assert "hush" not in told
    assert fault_of(url.replace("json:", "jsons:").replace("mailto:", "mailtos:")) == ""


def test_with_the_extra_nothing_is_missing() -> None:
    assert missing() == ""
