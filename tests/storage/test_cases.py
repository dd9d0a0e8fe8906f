"""An office's cases as its page shows them: masked callers, sound and words."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select

from ivr.conversation.messages import PLAN_TURN
from ivr.flow.effect import AttachRecording, Effect, FlagPressure, MakeAnonymous, WithdrawCase
from ivr.ports.recordings import Transcript
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.words import Phrase, Words
from routing.ports import Audio, KeptRecording, OfficeCase, OfficeCount, Statement
from storage.cases import SHOWN, StoredCases
from storage.outbox import StoredOutbox
from storage.recordings import StoredRecordings
from storage.tables.cases import case_events, transcripts
from tests.storage.stepping import (
    AT,
    CALLER,
    DIALLED,
    House,
    counted,
    first_step,
    later_step,
    open_case,
    opened,
)

SECOND: Final = timedelta(seconds=1)
OTHER: Final = "+8613911112222"


async def sound(*pieces: bytes) -> AsyncIterator[bytes]:
    """A recording as it comes from the carrier."""
    for piece in pieces:
        yield piece


def shelf(house: House) -> StoredRecordings:
    """Where its audio is."""
    return house.recordings


def cases_of(house: House) -> StoredCases:
    """The store under test."""
    return StoredCases(house.database, shelf(house))


async def keep(house: House, *steps: tuple[Effect, ...]) -> StoredCases:
    """A call with these effects, a turn each."""
    await house.journal.append(first_step("a"))
    for turn, effects in enumerate(steps, start=1):
        await house.journal.append(later_step("a", turn, *effects))
    return cases_of(house)


async def test_a_case_is_shown_whole(tmp_path: Path) -> None:
    opening = replace(
        open_case(),
        kind=Kind.COMPLAINT,
        about=About.BUSINESS,
        topic=None,
        danger=True,
        language="en",
    )
    async with opened(tmp_path) as house:
        store = await keep(house, (opening,))
        case = await store.case("46270395")
    assert case == OfficeCase(
        reference="46270395",
        office="water",
        dialled=DIALLED,
        kind=Kind.COMPLAINT,
        about=About.BUSINESS,
        topic=None,
        state=CaseState.DISPATCHED,
        confidentiality=Confidentiality.NAMED,
        danger=True,
        language="en",
        caller="…34",
        opened_at=AT + SECOND,
        due=AT + timedelta(days=7),
        unsorted=True,
    )


@pytest.mark.parametrize(
    ("kind", "shown"),
    [(Kind.ENQUIRY, (None, None)), (Kind.COMPLAINT, (Kind.COMPLAINT, "water"))],
)
async def test_what_the_plan_took_is_unsorted_unless_its_call_had_told_more(
    tmp_path: Path, kind: Kind, shown: tuple[Kind | None, str | None]
) -> None:
    async with opened(tmp_path) as house:
        taken = replace(open_case(turn=PLAN_TURN), kind=kind, topic="water")
        await house.journal.append(first_step("a"))
        call = replace(later_step("a", 1).call, turn=PLAN_TURN)
        await house.calls.apply(call, (taken,), AT, 0)
        case = await cases_of(house).case("46270395")
    assert case is not None
    assert case.left_in_outage
    assert (case.kind, case.topic) == shown


@pytest.mark.parametrize(
    ("caller", "how", "shown"),
    [
        (CALLER, Confidentiality.NAMED, "…34"),
        (None, Confidentiality.NAMED, None),
        (CALLER, Confidentiality.CONFIDENTIAL, None),
        (CALLER, Confidentiality.ANONYMOUS, None),
    ],
)
async def test_only_a_named_caller_shows_two_digits(
    tmp_path: Path, caller: str | None, how: Confidentiality, shown: str | None
) -> None:
    async with opened(tmp_path) as house:
        opening = replace(open_case(caller=caller), confidentiality=how)
        store = await keep(house, (opening,))
        case = await store.case("46270395")
    assert case is not None
    assert (case.caller, case.confidentiality) == (shown, how)


async def test_a_caller_who_became_anonymous_is_shown_no_more(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await keep(house, (open_case(),), (MakeAnonymous("46270395"),))
        case = await store.case("46270395")
    assert case is not None
    assert (case.caller, case.confidentiality) == (None, Confidentiality.ANONYMOUS)


async def test_what_the_caller_did_later_is_seen(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        later = (FlagPressure("46270395"), WithdrawCase("46270395"))
        store = await keep(house, (open_case(),), later)
        case = await store.case("46270395")
    assert case is not None
    assert case.state is CaseState.WITHDRAWN


async def test_a_case_that_is_not_kept_is_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        assert await cases_of(house).case("46270395") is None
        assert await cases_of(house).cases("water") == []
        assert await cases_of(house).offices(AT) == []


async def test_cases_come_newest_first_and_of_this_office_only(tmp_path: Path) -> None:
    roads = replace(open_case("20000000", 2, OTHER), office="roads", danger=True)
    async with opened(tmp_path) as house:
        store = await keep(
            house,
            (open_case("10000000", 1, CALLER),),
            (roads,),
            (open_case("30000000", 3, CALLER),),
        )
        found = await store.cases("water")
        offices = await store.offices(AT + timedelta(days=8))
        in_time = await store.offices(AT)
    assert [case.reference for case in found] == ["30000000", "10000000"]
    assert [case.group_of for case in found] == ["10000000", None]
    assert offices == [
        OfficeCount("water", 2, 0, AT + 3 * SECOND, open=2, overdue=2),
        OfficeCount("roads", 1, 1, AT + 2 * SECOND, open=1, overdue=1),
    ]
    assert [count.overdue for count in in_time] == [0, 0]


async def test_sound_and_words_stand_with_their_case(tmp_path: Path) -> None:
    matter = (open_case("10000000", 1), AttachRecording("10000000", 1, "RE1", 12, "zh-CN"))
    more = (AttachRecording("10000000", 2, "RE2", 5, "zh-CN"),)
    other = (open_case("30000000", 3, OTHER), AttachRecording("30000000", 3, "RE3", 9, "en"))
    async with opened(tmp_path) as house:
        store = await keep(house, matter, more, other)
        await shelf(house).kept("RE1")
        await house.calls.hold_transcript("RE1", "停水", "engine", AT + SECOND)
        await house.calls.hold_transcript("RE1", "停水了", "carrier", AT)
        await house.calls.hold_transcript("RE9", "of nobody", "carrier", AT)
        newest, oldest = await store.cases("water")
    words = (Words("停水了", "carrier"), Words("停水", "engine"))
    assert oldest.recordings == (
        KeptRecording("RE1", 12, Audio.KEPT, words),
        KeptRecording("RE2", 5, Audio.ANNOUNCED),
    )
    assert newest.recordings == (KeptRecording("RE3", 9, Audio.ANNOUNCED),)


async def test_it_says_whether_words_are_being_written(tmp_path: Path) -> None:
    attach = AttachRecording("46270395", 1, "RE1", 12, "zh-CN")
    async with opened(tmp_path) as house:
        store, outbox = await keep(house, (open_case(), attach)), StoredOutbox(house.database)

        async def being_written() -> list[bool]:
            case = await store.case("46270395")
            assert case is not None
            return [sound.being_written for sound in case.recordings]

        assert await being_written() == [False]
        await shelf(house).follow_up("RE1", "zh-CN", AT)
        await shelf(house).follow_up("RE2", "zh-CN", AT)
        assert await being_written() == [True]
        jobs = await outbox.claim(AT, 9)
        assert await being_written() == [True]
        (job,) = [job for job in jobs if job.key == "transcribe:RE1"]
        await outbox.again(job, AT, "a long recording is written down in parts")
        assert await being_written() == [True]
        (job,) = [job for job in await outbox.claim(AT, 9) if job.key == "transcribe:RE1"]
        await outbox.done(job, AT)
        assert await being_written() == [False]


async def test_how_sure_words_are_stands_beside_them(tmp_path: Path) -> None:
    attach = AttachRecording("46270395", 1, "RE1", 12, "zh-CN")
    heard = Transcript("停水 三天", "openai", "zh-CN", (Phrase(2, 0.875), Phrase(2, 0.25)))
    async with opened(tmp_path) as house:
        store = await keep(house, (open_case(), attach))
        await house.calls.keep_transcript("RE1", heard, AT)
        (case,) = await store.cases("water")
        kept = await house.scalar(select(transcripts.c.phrases))
    (words,) = case.recordings[0].words
    assert words == Words("停水 三天", "openai", 0.25, heard.phrases)
    assert words.unsure
    assert json.loads(kept) == [[2, 0.875], [2, 0.25]]


async def test_audio_is_played_from_the_shelf(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await shelf(house).save("RE1", sound(b"RI", b"FF"))
        assert await cases_of(house).audio("RE1") == b"RIFF"
        assert await cases_of(house).audio("RE2") is None


async def test_many_cases_are_read_in_three_queries_up_to_a_bound(tmp_path: Path) -> None:
    many = SHOWN + 5
    async with opened(tmp_path) as house:
        steps = [(open_case(f"{n:08}", n, None),) for n in range(1, many + 1)]
        store = await keep(house, *steps)
        with counted() as statements:
            found = await store.cases("water")
        selects = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(found) == SHOWN
    assert found[0].reference == f"{many:08}"
    assert len(selects) == 3


async def test_what_is_heard_in_a_recording_is_known_before_its_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await keep(house)
        assert await store.statement("RE1") is None
        await house.calls.hold_transcript("RE1", "着火了", "carrier", AT)
        assert await store.statement("RE1") == Statement(None, ("着火了",))
        attach = AttachRecording("46270395", 1, "RE1", 12, "zh-CN")
        await house.journal.append(later_step("a", 1, open_case(), attach))
        assert await store.statement("RE1") == Statement("46270395", ("着火了",))


async def test_words_are_read_for_danger_once_for_each_who_heard_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for source in ("carrier", "carrier", "engine"):
            await house.calls.hold_transcript("RE1", "着火了", source, AT)
        jobs = await StoredOutbox(house.database).claim(AT, 100)
    heeds = [job.payload for job in jobs if job.kind == "heed"]
    assert heeds == [{"recording": "RE1"}] * 2


async def test_words_are_told_to_the_office_once_for_each_who_heard_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for source in ("carrier", "carrier", "engine"):
            await house.calls.hold_transcript("RE1", "路灯坏了", source, AT)
        jobs = await StoredOutbox(house.database).claim(AT, 100)
    told = [job.payload for job in jobs if job.kind == "tell_words"]
    assert told == [{"recording": "RE1", "source": source} for source in ("carrier", "engine")]


async def test_danger_is_marked_noted_and_told_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        opening = open_case()
        store = await keep(house, (opening,))
        assert [await store.mark_danger(opening.reference, AT) for _ in range(2)] == [True, False]
        found = await store.case(opening.reference)
        async with house.database.reading() as connection:
            noted = (
                await connection.execute(select(case_events).order_by(case_events.c.id))
            ).all()[-1]
        told = [
            job
            for job in await StoredOutbox(house.database).claim(AT, 100)
            if job.payload.get("danger")
        ]
    assert found is not None
    assert found.danger
    assert (noted.actor, noted.from_state, noted.to_state) == ("system", "dispatched", "dispatched")
    assert noted.note == "words of danger in a recording"
    assert [(job.kind, job.payload["office"]) for job in told] == [("tell_office", opening.office)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (timedelta(days=7), timedelta(days=1)),
        (timedelta(hours=3), timedelta(hours=3)),
    ],
)
async def test_danger_is_answered_within_a_day_of_the_call_however_it_is_heard(
    tmp_path: Path, before: timedelta, after: timedelta
) -> None:
    async with opened(tmp_path) as house:
        opening = open_case()
        store = await keep(house, (replace(opening, due=AT + before),))
        await store.mark_danger(opening.reference, AT + timedelta(hours=2))
        found = await store.case(opening.reference)
    assert found is not None
    assert found.due is not None
    assert timedelta(0) <= AT + after + SECOND - found.due < timedelta(minutes=30)


async def test_a_case_that_was_opened_as_danger_is_not_told_of_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await keep(house, (replace(open_case(), danger=True),))
        assert not await store.mark_danger(open_case().reference, AT)
        assert not await store.mark_danger("11111116", AT)


async def test_open_cases_with_danger_come_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        names = ("10000008", "20000006", "30000004", "40000002")
        for n, reference in enumerate(names):
            await house.journal.append(first_step(reference))
            opening = replace(open_case(), reference=reference)
            step = later_step(reference, 1, opening)
            await house.journal.append(replace(step, at=AT + n * SECOND))
        store = cases_of(house)
        for reference in names[:2]:
            await store.mark_danger(reference, AT)
        await house.journal.append(later_step(names[1], 2, WithdrawCase(names[1])))
        shown = [case.reference for case in await store.cases(open_case().office)]
    assert shown == [names[0], names[3], names[2], names[1]]
