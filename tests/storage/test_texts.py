"""How a text went: forward only, before or after the carrier's answer that names it; one that
reached nobody is work for people, with what it needs to be sent again."""

from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Final

import orjson
import pytest
from sqlalchemy import select

from ivr.flow.effect import MakeAnonymous, Notify
from ivr.flow.receipt import Receipt, TextStatus
from routing.ports import Job, JobKind
from routing.undelivered import BACK, CAME_BACK, Fate
from storage.answers import StoredAnswers
from storage.outbox import StoredOutbox
from storage.tables.outbox import outbox
from storage.tables.texts import texts
from storage.texts import StoredTexts
from storage.undelivered import StoredUndelivered
from tests.storage.stepping import AT, CALLER, SEALING, House, later_step, opened
from tests.storage.test_answers import REFERENCE, with_case

TEXT: Final = Notify("sms.case", CALLER, {"pin": "7315"}, "zh-CN", f"case:{REFERENCE}", REFERENCE)
SOON: Final = AT + timedelta(minutes=1)
SENT: Final = Receipt("SM1", TextStatus.SENT)
ARRIVED: Final = Receipt("SM1", TextStatus.DELIVERED)
LOST: Final = Receipt("SM1", TextStatus.UNDELIVERED, "30003")


def of(house: House) -> StoredTexts:
    return StoredTexts(house.database, SEALING)


async def claimed(house: House) -> Job:
    (job,) = [
        job for job in await StoredOutbox(house.database).claim(SOON, 9) if job.kind == JobKind.SMS
    ]
    return job


async def taken(house: House, answers: StoredAnswers, job: Job, sid: str = "SM1") -> None:
    await answers.text_taken(job, sid, SOON)
    await StoredOutbox(house.database).done(job, SOON)


async def texted(house: House) -> StoredAnswers:
    """The carrier takes the text of a case and calls it SM1."""
    answers = await with_case(house)
    await house.journal.append(later_step("a", 2, TEXT))
    await taken(house, answers, await claimed(house))
    return answers


async def shown(house: House) -> list[tuple[Fate, str, str]]:
    found = await StoredUndelivered(house.database, SEALING).missed(SOON)
    return [(one.fate, one.code, one.to) for one in found]


async def test_what_has_arrived_leaves_nothing_of_its_words(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await texted(house)
        sealed = await house.scalar(select(texts.c.payload))
        assert sealed is not None
        assert CALLER.encode() not in sealed
        assert await of(house).awaited("SM1")
        await of(house).told(SENT, SOON)
        assert await of(house).awaited("SM1")
        await of(house).told(ARRIVED, SOON)

        assert not await of(house).awaited("SM1")
        assert await house.scalar(select(texts.c.payload)) is None
        assert await shown(house) == []


@pytest.mark.parametrize("order", [*permutations(("answer", "sent", "lost"))])
async def test_what_reached_nobody_is_shown_whenever_that_is_told(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    """Callbacks may be faster than the answer that names the text."""
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await house.journal.append(later_step("a", 2, TEXT))
        job = await claimed(house)
        for what in order:
            match what:
                case "answer":
                    await taken(house, answers, job)
                case "sent":
                    await of(house).told(SENT, SOON)
                case _:
                    await of(house).told(LOST, SOON)

        assert await shown(house) == [(Fate.CAME_BACK, "sms.30003", "…34")]
        payload = orjson.loads(
            await house.scalar(select(outbox.c.payload).where(outbox.c.kind == "sms"))
        )
        assert (payload["to"], payload["slots"], payload[BACK]) == (
            CALLER,
            {"pin": "7315"},
            "sms.30003",
        )


async def test_after_it_is_lost_no_word_of_the_carriers_brings_it_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await texted(house)
        for receipt in (LOST, ARRIVED, LOST, SENT):
            await of(house).told(receipt, SOON)

        assert len(await shown(house)) == 1


async def test_it_is_sent_again_once_under_its_own_key_and_may_be_lost_again(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        answers = await texted(house)
        await of(house).told(LOST, SOON)
        (lost,) = await StoredUndelivered(house.database, SEALING).missed(SOON)
        assert await StoredUndelivered(house.database, SEALING).again(lost.id, SOON)
        again = await claimed(house)
        assert (again.id, again.payload[CAME_BACK]) == (lost.id, 1)
        assert BACK not in again.payload
        assert again.attempts > 1, "it is looked up first"
        await of(house).told(ARRIVED, SOON)  # of the first, too late
        await taken(house, answers, again, "SM2")
        assert await shown(house) == []
        await of(house).told(Receipt("SM2", TextStatus.FAILED, "30005"), SOON)

        assert await shown(house) == [(Fate.CAME_BACK, "sms.30005", "…34")]


async def test_a_text_that_we_never_sent_has_no_effect(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await texted(house)
        await of(house).told(Receipt("SM9", TextStatus.FAILED, "30005"), SOON)

        assert await shown(house) == []
        assert not await of(house).awaited("SM0")


async def test_a_caller_who_becomes_anonymous_leaves_no_text(tmp_path: Path) -> None:
    """Not to be sent again either, when it turns out to be lost."""
    async with opened(tmp_path) as house:
        await texted(house)
        await house.journal.append(later_step("a", 3, MakeAnonymous(REFERENCE)))
        await of(house).told(LOST, SOON)

        assert await house.scalar(select(texts.c.payload)) is None
        assert await shown(house) == []


async def test_who_was_anonymous_before_the_answer_came_leaves_none_either(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await house.journal.append(later_step("a", 2, TEXT))
        job = await claimed(house)
        await house.journal.append(later_step("a", 3, MakeAnonymous(REFERENCE)))
        await taken(house, answers, job)

        assert await house.rows(texts) == 0


async def test_where_nobody_will_tell_any_more_its_words_are_dropped(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await texted(house)
        await of(house).closed("SM1")

        assert await house.scalar(select(texts.c.payload)) is None
