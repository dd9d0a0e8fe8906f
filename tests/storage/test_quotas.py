"""Tokens of officials' live calls: taken in the step's own transaction, never one by two calls, and
there again once nobody took the call."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from ivr.flow.effect import CountLiveCalls, ReturnToken, TakeToken
from ivr.flow.event import LiveCallsToday
from ivr.ports.calls import CallEnd, Ending, LegAnswer
from ivr.ports.journal import Reply, TokenTaken
from routing.rules.quota import Bucket
from storage.answers import StoredAnswers
from storage.tables.calls import tokens
from storage.token_use import StoredTokenUse
from tests.storage.stepping import (
    AT,
    DIALLED,
    SEALING,
    House,
    call_of,
    first_step,
    later_step,
    opened,
)

DAY: Final = "day 2026-11-24"
TWO: Final = Bucket(DIALLED, DAY, 2)


async def free(house: House, call: str, bucket: Bucket = TWO) -> int | None:
    """The token that a call is told of."""
    answers = StoredAnswers(house.database, SEALING, house.effects, ZoneInfo("Asia/Shanghai"))
    found = await answers.answer(call_of(call, 2), 2, CountLiveCalls((None, bucket)), AT)
    assert isinstance(found, LiveCallsToday)
    assert found.tokens[0] is None
    return found.tokens[1]


async def take(house: House, call: str, number: int, turn: int = 2) -> Reply:
    """A turn that rings the official."""
    token = TakeToken(DIALLED, DAY, number, turn + 1)
    return await house.journal.append(later_step(call, turn, token))


async def accept(house: House, call: str, *, accepted: bool = True) -> None:
    await house.calls.answer_leg(LegAnswer(call, 3, 0, accepted, DIALLED, AT))


async def test_a_token_that_is_taken_is_told_to_nobody_else(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for call in "abc":
            await house.journal.append(first_step(call))
        first = await free(house, "a")
        assert first is not None
        await take(house, "a", first)
        second = await free(house, "b")
        assert second == 1 - first
        await take(house, "b", second)

        assert await free(house, "c") is None
        assert await free(house, "c", Bucket(DIALLED, "escalation 2026-11-24", 2)) is not None
        assert await free(house, "c", Bucket("+865580000022", DAY, 2)) is not None
        assert await free(house, "c", Bucket(DIALLED, "day 2026-11-25", 2)) is not None


async def test_what_was_taken_counts_also_where_a_new_plan_has_fewer_tokens(
    tmp_path: Path,
) -> None:
    """Two of four were taken, by whatever numbers: of two none is left, of three one."""
    async with opened(tmp_path) as house:
        for call, number in (("a", 1), ("b", 3)):
            await house.journal.append(first_step(call))
            await take(house, call, number)

        assert await free(house, "c", Bucket(DIALLED, DAY, 2)) is None
        three = {await free(house, call, Bucket(DIALLED, DAY, 3)) for call in "cdefgh"}
        assert len(three) == 1
        assert three != {None}


async def test_of_two_calls_at_once_one_takes_the_token(tmp_path: Path) -> None:
    """The other's step is not kept at all, so that it can be taken anew."""
    async with opened(tmp_path) as house:
        calls = [f"call-{n}" for n in range(6)]
        for call in calls:
            await house.journal.append(first_step(call))

        taken = await asyncio.gather(*(take(house, c, 0) for c in calls), return_exceptions=True)

        assert sum(isinstance(one, Reply) for one in taken) == 1
        assert sum(isinstance(one, TokenTaken) for one in taken) == 5
        assert await house.rows(tokens) == 1
        lost = [call for call, one in zip(calls, taken, strict=True) if isinstance(one, TokenTaken)]
        assert await house.calls.reply(lost[0], 2) is None
        assert (await take(house, lost[0], 1)).mine


async def test_a_token_is_there_again_when_nobody_took_the_call(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await take(house, "a", 0)
        await house.journal.append(later_step("a", 3, ReturnToken(3)))
        assert await house.rows(tokens) == 0


async def test_a_token_stays_with_a_call_that_was_taken(tmp_path: Path) -> None:
    """Whatever is told of it later."""
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await take(house, "a", 0)
        await accept(house, "a")
        await house.journal.append(later_step("a", 3, ReturnToken(3)))
        await house.calls.ended("a", Ending(CallEnd.COMPLETED, 60, recording=False), AT)

        assert await free(house, "b", Bucket(DIALLED, DAY, 1)) is None


@pytest.mark.parametrize("declined", [True, False])
async def test_a_call_that_ended_while_it_rang_keeps_no_token(
    tmp_path: Path, *, declined: bool
) -> None:
    """Nobody told of the end of the ringing: its token is another's to take."""
    async with opened(tmp_path) as house:
        for call in "ab":
            await house.journal.append(first_step(call))
        await take(house, "a", 0)
        one = Bucket(DIALLED, DAY, 1)
        assert await free(house, "b", one) is None
        if declined:
            await accept(house, "a", accepted=False)
        await house.calls.ended("a", Ending(CallEnd.COMPLETED, 60, recording=False), AT)

        assert await free(house, "b", one) == 0
        await take(house, "b", 0)
        async with house.database.reading() as unit:
            assert (await unit.execute(select(tokens.c.call_id))).scalars().all() == ["b"]


async def test_a_calls_second_ring_of_an_official_takes_no_second_token(tmp_path: Path) -> None:
    """An event came in between that says nothing of the ringing."""
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await take(house, "a", 0)
        assert await free(house, "a", Bucket(DIALLED, DAY, 1)) == 0
        await take(house, "a", 0, turn=3)
        assert await house.rows(tokens) == 1


async def test_a_bucket_of_none_has_no_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        assert await free(house, "a", Bucket(DIALLED, DAY, 0)) is None


async def test_what_officials_have_taken_today_is_counted_by_bucket(tmp_path: Path) -> None:
    """Who rings now counts; a call that is over and that nobody took does not."""
    async with opened(tmp_path) as house:
        for number, call in enumerate("abc"):
            await house.journal.append(first_step(call))
            await take(house, call, number)
        await accept(house, "a")
        for call in "ab":
            await house.calls.ended(call, Ending(CallEnd.COMPLETED, 9, recording=False), AT)
        use = StoredTokenUse(house.database)

        assert await use.taken(AT) == {(DIALLED, DAY): 2}
        assert await use.taken(AT + timedelta(days=1)) == {}
