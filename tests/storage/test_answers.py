"""The core's lookups: tries and their limits, forgotten PINs, counts, matters."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from ivr.flow.call import Call
from ivr.flow.effect import (
    CountCases,
    CountLiveCalls,
    FindCase,
    FindMatter,
    NoteRing,
    WithdrawCase,
)
from ivr.flow.event import (
    Answer,
    CaseFound,
    CaseMissed,
    LiveCallsToday,
    MatterFound,
    RecentCases,
)
from ivr.ports.calls import LegAnswer
from routing.cases.case import CaseState, Confidentiality
from routing.cases.reference import valid
from storage.answers import MISSES_A_DAY, StoredAnswers
from storage.tables.cases import tries
from storage.tables.outbox import outbox
from tests.storage.stepping import (
    AT,
    CALLER,
    SEALING,
    House,
    call_of,
    counted,
    first_step,
    later_step,
    open_case,
    opened,
)

REFERENCE: Final = "46270395"
RIGHT: Final = FindCase(REFERENCE, "7315")
WRONG: Final = FindCase(REFERENCE, "0000")
PHONE: Final = "+865580010001"
OTHER: Final = "+8613911112222"
THIRD: Final = "+8613911113333"
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
TOMORROW: Final = AT + timedelta(days=1)


def answers_of(house: House) -> StoredAnswers:
    """The store under test."""
    return StoredAnswers(house.database, SEALING, house.effects, SHANGHAI)


async def with_case(house: House, caller: str | None = CALLER) -> StoredAnswers:
    """A house that keeps one case."""
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, open_case(caller=caller)))
    return answers_of(house)


def ringing(name: str, caller: str | None = CALLER) -> Call:
    """A call that asks something."""
    return call_of(name, 2, caller)


async def miss(answers: StoredAnswers, times: int, caller: str | None = CALLER) -> list[Answer]:
    """Wrong tries of a caller, each in a turn of its own."""
    call = ringing(f"misses-of-{caller}", caller)
    return [await answers.answer(call, turn, WRONG, AT) for turn in range(times)]


async def test_number_and_pin_say_how_the_case_stands(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        found = await answers.answer(ringing("b", OTHER), 2, RIGHT, AT)
    due = AT + timedelta(days=7)
    assert found == CaseFound(REFERENCE, CaseState.DISPATCHED, "water", due)


@pytest.mark.parametrize(
    ("reference", "pin"),
    [(REFERENCE, "0000"), ("11111111", "7315"), ("46270397", "7315"), ("", ""), (REFERENCE, "")],
)
async def test_every_miss_is_alike_and_counted(tmp_path: Path, reference: str, pin: str) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        found = await answers.answer(ringing("b"), 2, FindCase(reference, pin), AT)
        kept = await house.scalar(select(tries.c.hit))
    assert found == CaseMissed(locked=False)
    assert kept is False


async def test_a_case_number_of_no_case_takes_the_same_statements(tmp_path: Path) -> None:
    assert not valid("46270397"), "the number asked must have a wrong check digit"
    seen: list[list[str]] = []
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        with counted() as statements:
            for n, asked in enumerate((RIGHT, WRONG, FindCase("46270397", "7315"))):
                await answers.answer(ringing(f"b{n}"), 2, asked, AT)
                seen.append(statements.copy())
                statements.clear()
    assert seen[0] == seen[1] == seen[2]


async def test_the_tenth_miss_of_a_caller_is_the_last(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        told = await miss(answers, MISSES_A_DAY + 1)
        right = await answers.answer(ringing("b"), 2, RIGHT, AT)
        elsewhere = await answers.answer(ringing("b"), 3, FindCase("11111111", "1"), AT)
    assert told == [CaseMissed(locked=False)] * MISSES_A_DAY + [CaseMissed(locked=True)]
    assert right == CaseMissed(locked=True), "a locked case says the same to the right PIN"
    assert elsewhere == CaseMissed(locked=True)


async def test_a_case_is_locked_whoever_guesses(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        for n in range(MISSES_A_DAY):
            await answers.answer(ringing(f"g{n}", f"+86139111100{n:02}"), 2, WRONG, AT)
        locked = await answers.answer(ringing("b", OTHER), 2, RIGHT, AT)
        tomorrow = await answers.answer(ringing("b", OTHER), 3, RIGHT, TOMORROW)
    assert locked == CaseMissed(locked=True)
    assert isinstance(tomorrow, CaseFound)


async def test_strangers_do_not_lock_the_number_that_registered_out(tmp_path: Path) -> None:
    """Nor do they learn which number that is: a wrong PIN hears "locked" there too."""
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        for n in range(MISSES_A_DAY):
            await answers.answer(ringing(f"g{n}", f"+86139111100{n:02}"), 2, WRONG, AT)
        assert isinstance(await answers.answer(ringing("b"), 2, RIGHT, AT), CaseFound)
        faked = [await answers.answer(ringing("b"), turn, WRONG, AT) for turn in range(3, 14)]
        assert faked == [CaseMissed(locked=True)] * 11
        assert await answers.answer(ringing("b"), 14, RIGHT, AT) == CaseMissed(locked=True)


async def test_an_owner_who_asks_often_does_not_lock_himself_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        for turn in range(2 * MISSES_A_DAY):
            assert isinstance(await answers.answer(ringing("b"), turn, RIGHT, AT), CaseFound)


async def test_withheld_callers_share_one_bucket(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        for n in range(MISSES_A_DAY):
            nobody = FindCase(f"{n:08}", "0000")
            await answers.answer(ringing(f"g{n}", None), 2, nobody, AT)
        assert await answers.answer(ringing("b", None), 2, RIGHT, AT) == CaseMissed(locked=True)
        assert isinstance(await answers.answer(ringing("c"), 2, RIGHT, AT), CaseFound)


async def test_a_day_begins_at_midnight_in_the_deployments_zone(tmp_path: Path) -> None:
    late = AT.replace(hour=15, minute=59)  # 23:59 in Shanghai
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        for turn in range(MISSES_A_DAY):
            await answers.answer(ringing("g"), turn, WRONG, late)
        assert await answers.answer(ringing("b"), 2, RIGHT, late) == CaseMissed(locked=True)
        after = await answers.answer(ringing("b"), 3, RIGHT, late + timedelta(minutes=1))
    assert isinstance(after, CaseFound)


async def test_a_hundred_guesses_at_once_are_ten(tmp_path: Path) -> None:
    guesses = [FindCase(REFERENCE, f"{n:04}") for n in range(99)] + [RIGHT]
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        told = await asyncio.gather(
            *(answers.answer(ringing(f"g{n}"), 2, guess, AT) for n, guess in enumerate(guesses))
        )
    assert told.count(CaseMissed(locked=False)) == MISSES_A_DAY
    assert told.count(CaseMissed(locked=True)) == 100 - MISSES_A_DAY


async def test_one_turn_is_one_try_whatever_is_asked_in_it(tmp_path: Path) -> None:
    guesses = [FindCase(REFERENCE, f"{n:04}") for n in range(30)] + [RIGHT]
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        told = [await answers.answer(ringing("b"), 2, guess, AT) for guess in guesses]
        assert await house.rows(tries) == 1
    assert told == [CaseMissed(locked=False)] * 31


async def test_a_hit_opens_no_other_case_in_its_turn(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        other = later_step("a", 2, replace(open_case("11111116", turn=2), pin="9999"))
        await house.journal.append(other)
        first = await answers.answer(ringing("b"), 2, RIGHT, AT)
        second = await answers.answer(ringing("b"), 2, FindCase("11111116", "9999"), AT)
    assert isinstance(first, CaseFound)
    assert second == CaseMissed(locked=False)


@pytest.mark.parametrize("asked", [RIGHT, WRONG])
async def test_a_repeated_webhook_hears_the_same_and_takes_no_second_try(
    tmp_path: Path, asked: FindCase
) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        first = await answers.answer(ringing("b"), 2, asked, AT)
        await miss(answers, MISSES_A_DAY - 1)
        again = await answers.answer(ringing("b"), 2, asked, AT)
        assert await house.rows(tries) == MISSES_A_DAY
    assert first == again


async def test_a_hit_stays_a_hit_when_others_lock_the_case_meanwhile(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        first = await answers.answer(ringing("b"), 2, RIGHT, AT)
        await miss(answers, MISSES_A_DAY, OTHER)
        assert await answers.answer(ringing("b"), 2, RIGHT, AT) == first
        another = await answers.answer(ringing("c", THIRD), 3, RIGHT, AT)
        assert another == CaseMissed(locked=True)


async def test_tries_keep_neither_caller_nor_case_number(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await miss(answers, 1)
        async with house.database.reading() as connection:
            row = (await connection.execute(select(tries.c.caller, tries.c.reference))).one()
    assert {len(row.caller), len(row.reference)} == {64}
    assert CALLER[-4:] not in row.caller + row.reference


async def test_the_cases_of_a_callers_last_hour(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        for turn in (1, 2, 3):
            case = open_case(f"{turn}0000000", turn=turn)
            await house.journal.append(later_step("a", turn, case))
        await house.journal.append(later_step("a", 4, open_case("40000000", 4, OTHER)))
        answers = answers_of(house)
        soon, hour = AT + timedelta(minutes=1), AT + timedelta(hours=1, seconds=2)
        assert await answers.answer(ringing("b"), 2, CountCases(), soon) == RecentCases(
            3, "30000000"
        )
        assert await answers.answer(ringing("b"), 2, CountCases(), hour) == RecentCases(
            1, "30000000"
        )
        none = await answers.answer(ringing("b", "+8613000000000"), 2, CountCases(), soon)
        assert none == RecentCases(0, None)
        await house.journal.append(later_step("a", 5, WithdrawCase("30000000")))
        assert await answers.answer(ringing("b"), 2, CountCases(), soon) == RecentCases(
            3, "20000000"
        ), "a withdrawn case counts, but is not the open one"


async def test_how_often_a_phone_rang_in_vain_within_the_hour(tmp_path: Path) -> None:
    """Somebody took one; one was declined, one is still ringing, one is another's phone."""
    async with opened(tmp_path) as house:
        for name in ("old", "taken", "declined", "rings", "other"):
            await house.journal.append(first_step(name))
            phone = OTHER if name == "other" else PHONE
            at = AT - timedelta(hours=1) if name == "old" else AT
            step = replace(later_step(name, 1, NoteRing(phone, 2)), at=at)
            await house.journal.append(step)
        for name, accepted in (("taken", True), ("declined", False)):
            await house.calls.answer_leg(LegAnswer(name, 2, 0, accepted, None, AT))
        asked = CountLiveCalls((), (None, PHONE, OTHER))
        found = await answers_of(house).answer(ringing("x"), 2, asked, AT)
    assert found == LiveCallsToday((), (0, 2, 1))


async def test_a_matter_is_found_with_the_digits_that_open_it(tmp_path: Path) -> None:
    draws = SEALING.draw("a", 1, 3)
    case = replace(open_case(draws.reference), pin=draws.pin)
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1, case, attempt=3))
        answers = answers_of(house)
        found = await answers.answer(ringing("a"), 2, FindMatter(1), AT)
        none = await answers.answer(ringing("a"), 2, FindMatter(2), AT)
        asked = FindCase(draws.reference, draws.pin)
        assert isinstance(await answers.answer(ringing("b"), 2, asked, AT), CaseFound)
    assert found == MatterFound(draws.reference, draws.pin)
    assert none == MatterFound(None, None)


async def test_a_sealed_case_is_found_all_the_same(tmp_path: Path) -> None:
    sealed = replace(open_case(), confidentiality=Confidentiality.CONFIDENTIAL)
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1, sealed))
        assert await house.scalar(select(func.count()).select_from(outbox)) == 0
        assert isinstance(await answers_of(house).answer(ringing("b"), 2, RIGHT, AT), CaseFound)
