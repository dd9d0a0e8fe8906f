"""A forgotten PIN: a new one by text, to the registering mobile, once a day; the old one is right
until the carrier has taken that text. And how many texts a number gets in a day."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.flow.effect import CountTexts, FindCase, MakeAnonymous, Notify, SendPin
from ivr.flow.event import CaseFound, CaseMissed, PinSent, TextsToday
from routing.ports import Job
from storage.answers import StoredAnswers
from storage.effects import CHECK_TEXTS_A_DAY, TEXTS_A_DAY
from storage.outbox import StoredOutbox
from storage.tables.cases import pin_sends
from storage.tables.outbox import outbox
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, CALLER, DIALLED, SEALING, House, later_step, opened
from tests.storage.test_answers import OTHER, REFERENCE, RIGHT, TOMORROW, ringing, with_case


async def text_taken(house: House, answers: StoredAnswers, now: datetime = AT) -> None:
    """The carrier takes every text that is due."""
    for job in await StoredOutbox(house.database).claim(now, 100):
        if job.kind == "sms":
            await answers.text_taken(job, f"SM{job.id}", now)


async def sent(house: House) -> list[dict[str, object]]:
    """What the outbox shall text."""
    async with house.database.reading() as connection:
        query = select(outbox.c.payload).where(outbox.c.kind == "sms")
        return [json.loads(body) for body in (await connection.execute(query)).scalars()]


async def test_a_forgotten_pin_is_replaced_and_texted(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        told = await answers.answer(ringing("b"), 2, SendPin(REFERENCE), AT)
        (text,) = await sent(house)
        pin = SEALING.new_pin("b", 2)
        await text_taken(house, answers)
        new = await answers.answer(ringing("c"), 2, FindCase(REFERENCE, pin), AT)
        old = await answers.answer(ringing("c"), 3, RIGHT, AT)
    assert told == PinSent()
    assert text == {
        "phrase": "sms.pin",
        "to": CALLER,
        "from": DIALLED,
        "language": "zh-CN",
        "plan": 1,
        "slots": {"case": "4627 0395", "pin": pin},
        "renews": REFERENCE,
    }
    assert isinstance(new, CaseFound)
    assert old == CaseMissed(locked=False)


async def test_the_old_pin_is_right_until_the_carrier_has_the_new_ones_text(
    tmp_path: Path,
) -> None:
    """A text that is refused for good must not leave the caller without any PIN."""
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await answers.answer(ringing("b"), 2, SendPin(REFERENCE), AT)
        store = StoredOutbox(house.database)
        for job in await store.claim(AT, 100):
            await store.give_up(job, AT, "the number takes no texts")
        old = await answers.answer(ringing("c"), 2, RIGHT, AT)
        untold = FindCase(REFERENCE, SEALING.new_pin("b", 2))
        assert await answers.answer(ringing("c"), 3, untold, AT) == CaseMissed(locked=False)
    assert isinstance(old, CaseFound)


async def test_a_text_that_tells_no_new_pin_changes_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        slots = {"case": "4627 0395", "pin": "0000"}
        told = Job(1, "sms", {"phrase": "sms.case", "slots": slots}, 1)
        await answers.text_taken(told, "SM1", AT)
        assert isinstance(await answers.answer(ringing("c"), 2, RIGHT, AT), CaseFound)


async def test_a_pin_is_sent_once_a_day_however_many_ask_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        asking = (
            answers.answer(ringing(f"b{n}"), 2, SendPin(REFERENCE), AT + timedelta(minutes=n))
            for n in range(20)
        )
        assert set(await asyncio.gather(*asking)) == {PinSent()}
        (text,) = await sent(house)
        slots = text["slots"]
        assert isinstance(slots, dict)
        right = FindCase(REFERENCE, slots["pin"])
        await text_taken(house, answers, AT + timedelta(hours=1))
        assert isinstance(await answers.answer(ringing("c"), 2, right, AT), CaseFound)
        await answers.answer(ringing("d"), 2, SendPin(REFERENCE), TOMORROW)
        assert len(await sent(house)) == 2


@pytest.mark.parametrize(
    ("registered", "asking", "reference"),
    [
        (CALLER, OTHER, REFERENCE),  # somebody else's mobile
        (CALLER, None, REFERENCE),  # withheld
        (None, None, REFERENCE),  # nobody is registered: two withheld callers are no match
        (CALLER, CALLER, "11111116"),  # no such case
        ("+865588880000", "+865588880000", REFERENCE),  # a landline takes no text
    ],
)
async def test_a_pin_goes_to_the_registering_mobile_only_and_the_words_never_tell(
    tmp_path: Path, registered: str | None, asking: str | None, reference: str
) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house, registered)
        told = await answers.answer(ringing("b", asking), 2, SendPin(reference), AT)
        right = await answers.answer(ringing("c"), 3, RIGHT, AT)
        assert await sent(house) == []
        assert await house.rows(pin_sends) == 0
    assert told == PinSent()
    assert isinstance(right, CaseFound), "the PIN that was read out must stay right"


async def test_an_anonymous_case_sends_no_pin(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await house.journal.append(later_step("a", 2, MakeAnonymous(REFERENCE)))
        await answers.answer(ringing("b"), 2, SendPin(REFERENCE), AT)
        assert await sent(house) == []


async def test_a_text_wakes_the_outbox(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await house.database.woken.wait(0)
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            group.create_task(house.database.woken.wait(2 * DEADLINE))
            await answers.answer(ringing("b"), 2, SendPin(REFERENCE), AT)


async def test_pins_are_within_the_texts_of_a_day(tmp_path: Path) -> None:
    """Who fakes a caller ID and has opened cases for weeks could have a new PIN sent for each."""
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        text = Notify("sms.check", CALLER, {}, "zh-CN", "check:1")
        for n in range(TEXTS_A_DAY):
            await house.journal.append(later_step("a", n + 2, replace(text, key=f"check:{n}")))
        assert await answers.answer(ringing("b"), 2, SendPin(REFERENCE), AT) == PinSent()
        assert len(await sent(house)) == TEXTS_A_DAY
        assert isinstance(await answers.answer(ringing("c"), 2, RIGHT, AT), CaseFound)
        await answers.answer(ringing("d"), 2, SendPin(REFERENCE), TOMORROW)
        assert len(await sent(house)) == TEXTS_A_DAY + 1


async def test_a_number_with_many_texts_today_is_full(tmp_path: Path) -> None:
    """Before the bound at which even a case number would not be sent."""
    assert CHECK_TEXTS_A_DAY < TEXTS_A_DAY
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        text = Notify("sms.check", CALLER, {}, "zh-CN", "check:1")
        for n in range(CHECK_TEXTS_A_DAY):
            assert await answers.answer(ringing("b"), 2, CountTexts(), AT) == TextsToday(full=False)
            await house.journal.append(later_step("a", n + 2, replace(text, key=f"check:{n}")))
        full = await answers.answer(ringing("b"), 2, CountTexts(), AT)
        tomorrow = await answers.answer(ringing("b"), 2, CountTexts(), TOMORROW)
        other = await answers.answer(ringing("b", OTHER), 2, CountTexts(), AT)
    assert full == TextsToday(full=True)
    assert (tomorrow, other) == (TextsToday(full=False),) * 2
