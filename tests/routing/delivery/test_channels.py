"""A channel is told what is true when it is told; one that hangs takes few hands, and none of
another's."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import orjson
import pytest

from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.delivery.channels import Channels, Door
from routing.delivery.lanes import ALL_AT_ONCE, AT_ONCE, WAITING
from routing.delivery.letter import News
from routing.delivery.notice import Notice, as_json
from routing.handoff import MOST_AT_ONCE, NotYet, Refused
from routing.ports import Job
from tests.deadline import DEADLINE
from tests.routing.delivery.office import CASE, RECORDING, Cases

WITH_WORDS = replace(CASE, recordings=(RECORDING,))


def told(channel: str = "desk", news: str = "case", office: str = "市公安局", of: str = "") -> Job:
    payload = {"reference": "46270395", "office": office, "news": news, "channel": channel}
    return Job(1, "tell_channel", {**payload, "of": of}, 1)


def channels(plan: Plan, cases: Cases, doors: Mapping[str, Door]) -> Channels:
    return Channels(doors, cases, lambda: plan.directory, lambda reference: f"/cases/{reference}")


async def heard(plan: Plan, cases: Cases, job: Job) -> list[Notice]:
    notices: list[Notice] = []

    async def door(notice: Notice) -> None:
        notices.append(notice)

    await channels(plan, cases, {"desk": door})(job)
    return notices


async def test_a_channel_is_told_the_case_as_it_is_now(demo_plan: Plan) -> None:
    (notice,) = await heard(demo_plan, Cases(WITH_WORDS), told())

    assert notice.case == WITH_WORDS
    assert notice.office.id == "市公安局"
    assert (notice.id, notice.page) == ("case-46270395", "/cases/46270395")


async def test_words_and_danger_have_ids_of_their_own(demo_plan: Plan) -> None:
    (danger,) = await heard(demo_plan, Cases(CASE), told(news="danger"))
    (words,) = await heard(demo_plan, Cases(WITH_WORDS), told(news="words", of="RE1 carrier"))

    assert danger.id == "danger-46270395"
    assert words.news is News.WORDS
    assert words.id.startswith("words-46270395-")


async def test_words_of_a_case_that_was_sealed_meanwhile_are_not_told(demo_plan: Plan) -> None:
    sealed = replace(WITH_WORDS, confidentiality=Confidentiality.ANONYMOUS)

    assert await heard(demo_plan, Cases(sealed), told(news="words", of="RE1 carrier")) == []
    assert len(await heard(demo_plan, Cases(sealed), told())) == 1


async def test_a_case_that_went_to_another_office_is_not_told_to_the_first(demo_plan: Plan) -> None:
    moved = replace(CASE, office="市水利局")

    assert await heard(demo_plan, Cases(moved), told()) == []


async def test_but_that_it_went_there_is_and_no_more(demo_plan: Plan) -> None:
    moved = Cases(replace(WITH_WORDS, office="市水利局"))
    (notice,) = await heard(demo_plan, moved, told(news="moved", of="市公安局"))

    sent = orjson.loads(as_json(notice))
    assert (sent["news"], sent["office"]["id"], sent["sealed"]) == ("moved", "市公安局", False)
    assert (sent["words"], sent["topic"], sent["caller"], sent["due"]) == ([], None, None, None)


@pytest.mark.parametrize(
    ("cases", "job", "says"),
    [
        (Cases(), told(), "the case to tell of is not kept"),
        (Cases(replace(CASE, office="旧局")), told(office="旧局"), "not in the register"),
    ],
)
async def test_what_cannot_be_told_is_given_up(
    demo_plan: Plan, cases: Cases, job: Job, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        await heard(demo_plan, cases, job)


async def test_a_channel_that_this_replica_does_not_know_is_waited_for(demo_plan: Plan) -> None:
    with pytest.raises(NotYet, match="no channel is called nowhere here: add it to ZHITONG_CHANN"):
        await heard(demo_plan, Cases(CASE), told("nowhere"))


async def test_a_channel_that_hangs_leaves_the_others_their_hands(demo_plan: Plan) -> None:
    done: list[str] = []
    at_work: asyncio.Queue[None] = asyncio.Queue()

    async def hangs(_: Notice) -> None:
        at_work.put_nowait(None)
        await asyncio.Event().wait()

    async def works(notice: Notice) -> None:
        done.append(notice.id)

    both = channels(demo_plan, Cases(CASE), {"slow": hangs, "quick": works})
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        slow = [group.create_task(both(told("slow"))) for _ in range(AT_ONCE + WAITING)]
        for _ in range(AT_ONCE):
            await at_work.get()
        with pytest.raises(NotYet, match="others are before it"):
            await both(told("slow"))
        await both(told("quick"))
        for task in slow:
            task.cancel()

    assert done == ["case-46270395"]


async def test_all_that_hang_leave_the_mails_their_hands(demo_plan: Plan) -> None:
    at_work: asyncio.Queue[None] = asyncio.Queue()

    async def hangs(_: Notice) -> None:
        at_work.put_nowait(None)
        await asyncio.Event().wait()

    names = [f"slow{n}" for n in range(ALL_AT_ONCE + 1)]
    every = channels(demo_plan, Cases(CASE), dict.fromkeys(names, hangs))
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        slow = [group.create_task(every(told(name))) for name in names[:ALL_AT_ONCE]]
        for _ in slow:
            await at_work.get()
        with pytest.raises(NotYet):
            await every(told(names[-1]))
        for task in slow:
            task.cancel()

    assert MOST_AT_ONCE >= 2 * ALL_AT_ONCE


async def test_a_hand_is_free_again_after_a_failure(demo_plan: Plan) -> None:
    async def fails(_: Notice) -> None:
        raise Refused("no")

    one = channels(demo_plan, Cases(CASE), {"desk": fails})
    for _ in range(2 * ALL_AT_ONCE):
        with pytest.raises(Refused):
            await one(told())
