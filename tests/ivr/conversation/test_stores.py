"""The plans that calls began with, also at another replica."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr.conversation.stores import MOST_PLANS, Plans
from ivr.flow.world import Plan
from routing.rules.condition import CallerKind, Facts

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
FACTS = Facts("", "en", None, None, "power", None, None, CallerKind.MOBILE, AT)


class Kept:
    """What is kept, and how often it was asked."""

    def __init__(self, *plans: Plan) -> None:
        self.plans = {plan.number: plan for plan in plans}
        self.asked: list[int] = []
        self.away = False

    async def find(self, number: int) -> Plan | None:
        self.asked.append(number)
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError
        return self.plans.get(number)


async def test_a_plan_of_another_replica_is_asked_for_once(demo_plan: Plan) -> None:
    other = replace(demo_plan, number=2)
    kept = Kept(other)
    plans = Plans(demo_plan, find=kept.find)

    found = await asyncio.gather(*(plans.of(2) for _ in range(8)))

    assert all(plan is other for plan in found)
    assert await plans.of(1) is demo_plan
    assert plans.current is demo_plan
    assert kept.asked == [2]


async def test_a_plan_that_nobody_knows_gives_way_to_todays(demo_plan: Plan) -> None:
    kept = Kept()
    plans = Plans(demo_plan, find=kept.find)
    assert [await plans.of(7) for _ in range(3)] == [demo_plan] * 3
    assert kept.asked == [7]


async def test_a_plan_that_cannot_be_read_now_is_not_taken_for_another(demo_plan: Plan) -> None:
    kept = Kept(replace(demo_plan, number=2))
    plans = Plans(demo_plan, find=kept.find)
    kept.away = True
    with pytest.raises(ConnectionError):
        await plans.of(2)
    kept.away = False
    assert (await plans.of(2)).number == 2


async def test_old_plans_leave_memory_and_are_found_again(demo_plan: Plan) -> None:
    published = [replace(demo_plan, number=number) for number in range(1, MOST_PLANS + 4)]
    kept = Kept(*published)
    plans = Plans(published[0], find=kept.find)
    for plan in published[1:]:
        plans.publish(plan)
    assert await plans.of(published[-1].number - 1) is published[-2]
    assert kept.asked == []
    assert await plans.of(1) is published[0]
    assert kept.asked == [1]
    assert plans.current is published[-1]


async def test_many_rules_leave_memory_before_many_plans_and_a_call_keeps_its_own(
    demo_plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = len(demo_plan.rules.rules.rules)
    monkeypatch.setattr("ivr.conversation.stores.MOST_RULES", 3 * each)
    monkeypatch.setattr("ivr.conversation.stores.PIECE", each - 1)  # each is a large one
    published = [replace(demo_plan, number=number) for number in range(1, 6)]
    kept = Kept(*published)
    plans = Plans(published[0], find=kept.find)
    for plan in published[1:]:
        plans.publish(plan)
    assert plans.rules_in_memory == 3 * each

    assert await plans.of(1) is published[0]
    assert kept.asked == [1]
    assert plans.rules_in_memory <= 3 * each
    monkeypatch.setattr("ivr.conversation.stores.MOST_RULES", each)
    assert await plans.of(2) is published[1]
    assert await plans.of(2) is published[1]
    assert kept.asked == [1, 2], "it stays as long as no other is found"
    assert plans.current is published[-1]
    assert demo_plan.rules.decide(FACTS).rule, "what others hold stays theirs"
