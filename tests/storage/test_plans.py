"""Published plans: numbered, immutable, kept for the calls that began with them."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from ivr.ports.calls import CallEnd, Ending
from storage.plans import LONGEST, Published, StoredPlans
from storage.tables.calls import plans
from tests.storage.stepping import AT, House, first_step, opened


@dataclass(frozen=True, slots=True)
class Stopped:
    """A clock that stands."""

    def now(self) -> datetime:
        return AT


def plans_of(house: House) -> StoredPlans:
    """The store under test."""
    return StoredPlans(house.database, Stopped())


async def begin(house: House, name: str, plan: int) -> None:
    """A call that begins with this plan."""
    step = first_step(name)
    await house.journal.append(replace(step, call=replace(step.call, plan=plan)))


async def test_a_new_number_only_where_the_inputs_changed(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = plans_of(house)
        numbers = [await store.publish(body) for body in ("menu", "menu", "menu 2", "menu 2")]
        assert await house.scalar(select(plans.c.published).where(plans.c.number == 1)) == AT
    assert numbers == [1, 1, 2, 2]


async def test_an_older_body_comes_back_as_a_new_number(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = plans_of(house)
        assert [await store.publish(body) for body in ("a", "b", "a")] == [1, 2, 3]


async def test_publishing_at_once_gives_one_number(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = plans_of(house)
        numbers = await asyncio.gather(*(store.publish("menu") for _ in range(8)))
        assert await house.rows(plans) == 1
    assert set(numbers) == {1}


async def test_the_plans_of_calls_that_may_go_on_are_found(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = plans_of(house)
        for body in ("old", "ended", "newest"):
            await store.publish(body)
        for name, plan in (("a", 1), ("b", 1), ("c", 2)):
            await begin(house, name, plan)
        await house.calls.ended("c", Ending(CallEnd.COMPLETED, 3, recording=False), AT)
        assert await store.of_live_calls(AT + timedelta(minutes=5)) == [Published(1, "old")]
        assert await store.of_live_calls(AT + LONGEST) == [], "an end never told keeps no plan"


async def test_which_plan_was_in_force_at_a_moment(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = plans_of(house)
        assert await store.in_force(AT) is None
        for body in ("menu", "menu 2"):
            await store.publish(body)
        assert await store.in_force(AT) == 2
        assert await store.in_force(AT - timedelta(seconds=1)) is None
