"""What did not arrive, read from the outbox; sent again under its own key with all its tries."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import select, update

from ivr.flow.announcing import Announcement
from routing.audit import Action, Entry
from routing.handoff import MOST_TRIES
from routing.ports import Job, JobKind
from routing.undelivered import BACK, CAME_BACK, LONG, Fate, Missed
from storage.effects import enqueue
from storage.outbox import StoredOutbox
from storage.outgoing import StoredOutgoing
from storage.tables.audit import audit
from storage.tables.cases import recordings
from storage.tables.outbox import outbox
from storage.undelivered import MARKED_AT_ONCE, StoredUndelivered
from tests.storage.stepping import (
    AT,
    CALLER,
    DIALLED,
    SEALING,
    House,
    first_step,
    later_step,
    open_case,
    opened,
)

LATER: Final = AT + timedelta(hours=3)
ENTRY: Final = Entry("a1", Action.SENT_AGAIN, "work:tell_office", LATER)
CASE: Final = "46270395"


def of(house: House) -> StoredUndelivered:
    return StoredUndelivered(house.database, SEALING)


async def work(house: House, kind: JobKind, key: str, **payload: Any) -> None:
    reference = payload.get("reference")
    async with house.database.unit_of_work() as unit:
        await unit.execute(enqueue(kind, payload, key, AT, reference))


async def claimed(house: House) -> Job:
    (job,) = await StoredOutbox(house.database).claim(LATER, 1)
    return job


async def given_up(house: House, kind: JobKind, key: str, **payload: Any) -> Job:
    await work(house, kind, key, **payload)
    job = await claimed(house)
    await StoredOutbox(house.database).give_up(job, LATER, "the far side says no")
    return job


async def a_case(house: House) -> None:
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, open_case(CASE)))


async def test_whom_it_was_for_is_known_and_masked(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        async with house.database.unit_of_work() as unit:
            row = {"sid": "RE1", "call_id": "a", "turn": 1, "seconds": 9, "audio": "kept", "at": AT}
            await unit.execute(recordings.insert().values(reference=CASE, **row))
        await given_up(house, JobKind.TELL_OFFICE, "tell:1", reference=CASE, office="water")
        await given_up(house, JobKind.TELL_WORDS, "words:1", recording="RE1", source="carrier")
        await given_up(house, JobKind.SMS, "text:1", to=CALLER, slots={})
        said = Announcement(DIALLED, "zh-CN", "out.check", ())
        await StoredOutgoing(house.database, SEALING).order("c1", CALLER, said, AT)
        await StoredOutbox(house.database).give_up(await claimed(house), LATER, "nobody")
        await given_up(house, JobKind.FETCH_RECORDING, "fetch:1", recording="RE1")

        shown = await of(house).missed(LATER)
        counts = await of(house).counts()
        offices = await of(house).offices()

    assert offices == {"water": 1}, "of the one whose case is known"
    assert [(one.kind, one.reference, one.office, one.to) for one in shown] == [
        ("call", None, None, "…34"),
        ("sms", None, None, "…34"),
        ("tell_words", CASE, "water", ""),
        ("tell_office", CASE, "water", ""),
    ]
    assert counts == {"call": 1, "sms": 1, "tell_words": 1, "tell_office": 1}
    assert {(one.fate, one.why, one.tries) for one in shown[1:]} == {
        (Fate.GIVEN_UP, "the far side says no", 1)
    }


async def test_what_is_tried_for_long_is_shown_and_what_is_at_work_is_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await work(house, JobKind.TELL_OFFICE, "tell:1", reference=CASE)
        (job,) = await store.claim(AT, 1)
        assert await of(house).missed(LATER) == [], "it is in hand"
        await store.again(job, AT + LONG, "the mail server said later (451)")

        early = await of(house).missed(AT + LONG - timedelta(seconds=1))
        (late,) = await of(house).missed(AT + LONG)

    assert early == []
    assert (late.fate, late.at, late.due) == (Fate.TRYING, AT + LONG, AT)


async def test_it_is_sent_again_under_its_own_key_with_all_its_tries(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await work(house, JobKind.SMS, "text:1", to=CALLER)
        job = await claimed(house)
        for _ in range(MOST_TRIES - 1):
            await store.again(job, LATER, "busy")
            job = await claimed(house)
        await store.give_up(job, LATER, "busy; given up")

        assert await of(house).again(job.id, LATER, ENTRY)
        assert not await of(house).again(job.id, LATER, ENTRY)
        assert await of(house).missed(LATER) == []
        assert await house.rows(audit) == 1, "what was not done is not told"
        again = await claimed(house)

    assert (again.id, again.key, again.payload) == (job.id, "text:1", {"to": CALLER})
    assert (again.tries, again.attempts) == (1, MOST_TRIES + 1), "so it is looked up first"


async def test_one_that_waits_is_tried_at_once_and_one_in_hand_is_left_alone(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await work(house, JobKind.TELL_OFFICE, "tell:1", reference=CASE)
        (job,) = await store.claim(AT, 1)
        assert not await of(house).again(job.id, AT)
        await store.again(job, AT + LONG, "later")
        assert await of(house).again(job.id, AT)

        assert [job.key for job in await store.claim(AT, 1)] == ["tell:1"]


async def test_two_who_press_at_once_send_it_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        job = await given_up(house, JobKind.TELL_OFFICE, "tell:1", reference=CASE)
        both = await asyncio.gather(*(of(house).again(job.id, LATER) for _ in range(2)))
        await claimed(house)
        assert not await of(house).again(job.id, LATER)

    assert sorted(both) in ([False, True], [True, True]), "at most ready twice, claimed once"


async def test_all_of_a_kind_are_sent_again_and_others_are_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for number in range(MARKED_AT_ONCE + 3):
            await given_up(house, JobKind.TELL_OFFICE, f"tell:{number}", reference=CASE)
            back = {BACK: "mail.5.1.1"}
            await given_up(house, JobKind.TELL_OFFICE, f"back:{number}", reference=CASE, **back)
        await given_up(house, JobKind.SMS, "text:1", to=CALLER)

        assert await of(house).all_again("fetch_recording", LATER) == 0
        done = await of(house).all_again("tell_office", LATER, ENTRY)
        assert done == 2 * (MARKED_AT_ONCE + 3)
        assert await house.rows(audit) == 1, "once, however many pieces it takes"
        assert await of(house).all_again("tell_office", LATER) == 0
        assert await of(house).counts() == {"sms": 1}
        taken = await StoredOutbox(house.database).claim(LATER, 99)
        assert {job.tries for job in taken} == {1}
        assert not any(BACK in job.payload for job in taken)


async def test_work_of_another_kind_or_without_its_words_is_not_sent_from_here(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        fetch = await given_up(house, JobKind.FETCH_RECORDING, "fetch:1", recording="RE1")
        mail = await given_up(house, JobKind.TELL_OFFICE, "tell:1", reference=CASE)
        async with house.database.unit_of_work() as unit:
            await unit.execute(update(outbox).values(payload="{}"))

        assert not await of(house).again(fetch.id, LATER)
        assert not await of(house).again(mail.id, LATER)
        assert await of(house).all_again("tell_office", LATER) == 0
        assert [one.whole for one in await of(house).missed(LATER)] == [False]


async def test_what_came_back_says_by_which_code_until_it_is_sent_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        payload = {"reference": CASE, BACK: "mail.5.1.1"}
        job = await given_up(house, JobKind.TELL_OFFICE, "tell:1", **payload)
        shown: list[Missed] = [*await of(house).missed(LATER)]
        await of(house).again(job.id, LATER)
        kept = await house.scalar(select(outbox.c.payload))

    assert [(one.fate, one.code) for one in shown] == [(Fate.CAME_BACK, "mail.5.1.1")]
    assert orjson.loads(kept) == {"reference": CASE, CAME_BACK: 1}


async def test_an_offices_other_ways_are_shown_masked_or_by_name(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        told = {"reference": CASE, "office": "water", "news": "case"}
        await given_up(house, JobKind.TELL_CHANNEL, "channel:1", **told, channel="wecom-water")
        await given_up(house, JobKind.TEXT_OFFICE, "office_text:1", **told, to=CALLER, text="x")

        shown = await of(house).missed(LATER)
        again = await of(house).all_again("tell_channel", LATER)

    assert [(missed.kind, missed.to) for missed in shown] == [
        ("text_office", "…34"),
        ("tell_channel", "wecom-water"),
    ]
    assert again == 1
