"""The ladder over a real outbox: killed anywhere, drained by two at once, under a clock that jumps,
each rung is told in its turn and in one mail, and who is left untold is nobody."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from ivr.flow.effect import TellOffice
from ivr.flow.world import Plan
from routing.cases.ladder import TOP
from routing.delivery.escalating import Escalating, Town
from routing.delivery.further import Further
from routing.delivery.letter import Letter, News, mark_of, news_id, rung_of
from routing.delivery.telling import Telling
from routing.handoff import Handler, Handoff
from routing.ports import JobKind
from routing.undelivered import Fate
from storage.cases import StoredCases
from storage.outbox import StoredOutbox
from storage.undelivered import StoredUndelivered
from tests.storage.stepping import (
    AT,
    SEALING,
    House,
    MovedClock,
    first_step,
    killed_after,
    later_step,
    open_case,
    opened,
)

OFFICE, CASE = "市公安局", "46270395"
STEP: Final = timedelta(minutes=20)
ROUNDS: Final = 60
"""Of twenty minutes: long after the last rung's time, nights left out."""


@dataclass
class Tower:
    """A server's part that climbs, over one database."""

    house: House
    plan: Plan
    clock: MovedClock = field(default_factory=MovedClock)
    told: list[str] = field(default_factory=list)

    def handoff(self) -> Handoff:
        cases = StoredCases(self.house.database, self.house.recordings)
        outbox = StoredOutbox(self.house.database)
        town = Town(self.plan.directory, self.plan.open.get)
        further = Further(lambda *_: "text", self.clock)
        climbing = Escalating(cases, lambda: town, self.post, lambda _: None, self.clock, further)
        telling = Telling(
            cases, lambda: town.directory, self.post, lambda _: None, further, climbing.begin
        )
        handlers: dict[str, Handler] = {
            JobKind.TELL_OFFICE: telling.of_case,
            JobKind.ESCALATE: climbing.of_rung,
        }
        return Handoff(outbox, handlers, self.clock, lambda what, job, why: None)

    async def post(self, letter: Letter) -> None:
        await asyncio.sleep(0)
        self.told.append(letter.id)

    async def killed(self, turns: int) -> None:
        """A drain that is cut off after so many turns of the loop, and a server after it."""
        await killed_after(turns, self.handoff(), self.house, self.clock)

    async def drain(self) -> None:
        while await self.handoff().drain():
            pass

    async def is_loud(self) -> bool:
        missed = await StoredUndelivered(self.house.database, SEALING).missed(self.clock.now())
        climbing = [one for one in missed if one.kind == JobKind.ESCALATE]
        return [(one.rung, one.fate) for one in climbing] == [(TOP, Fate.GIVEN_UP)]


async def a_case(house: House) -> None:
    opening = replace(open_case(CASE), office=OFFICE)
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, opening, TellOffice(CASE, OFFICE)))


def in_turn(told: Sequence[str]) -> list[str]:
    """Without repeats that follow a kill."""
    return [one for place, one in enumerate(told) if one not in told[:place]]


EXPECTED: Final = [
    news_id(News.CASE, CASE),
    *(f"{News.ESCALATED}-{CASE}-{mark_of(rung_of(rung))}" for rung in (2, 3)),
]


@pytest.mark.parametrize("seed", range(2))
async def test_killed_anywhere_every_rung_is_told_in_its_turn_and_then_it_is_loud(
    tmp_path: Path, demo_plan: Plan, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - a test's own dice
    async with opened(tmp_path) as house:
        await a_case(house)
        tower = Tower(house, demo_plan)
        for _ in range(ROUNDS):
            if draw.random() < 0.5:
                await tower.killed(draw.randrange(40))
            await tower.drain()
            if await tower.is_loud():
                break
            tower.clock.at += STEP

        assert await tower.is_loud()
        assert in_turn(tower.told) == EXPECTED


async def test_two_who_drain_at_once_tell_each_rung_once(tmp_path: Path, demo_plan: Plan) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        tower = Tower(house, demo_plan)
        for _ in range(ROUNDS):
            await asyncio.gather(*(tower.drain() for _ in range(3)))
            tower.clock.at += STEP

        assert tower.told == EXPECTED
        assert await tower.is_loud()


async def test_a_clock_that_jumps_far_ahead_and_back_tells_nobody_twice(
    tmp_path: Path, demo_plan: Plan
) -> None:
    """Ahead the ladder is climbed sooner; back nobody is told again."""
    async with opened(tmp_path) as house:
        await a_case(house)
        tower = Tower(house, demo_plan)
        for days in (0, 3, -1, 2, 0, 9, -9, 12):
            tower.clock.at = AT + timedelta(days=days, minutes=1)
            await tower.drain()

        assert tower.told == EXPECTED
        assert await tower.is_loud()


async def test_who_accepts_in_between_ends_it(tmp_path: Path, demo_plan: Plan) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        tower = Tower(house, demo_plan)
        while len(tower.told) < 2:
            await tower.drain()
            tower.clock.at += STEP
        cases = StoredCases(house.database, house.recordings)
        await cases.accept(CASE, "office page", tower.clock.now())
        for _ in range(ROUNDS):
            await tower.drain()
            tower.clock.at += STEP

        assert tower.told == EXPECTED[:2]
        assert not await tower.is_loud()
        assert news_id(News.ESCALATED, CASE, rung_of(2)) == EXPECTED[1]
