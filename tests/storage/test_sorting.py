"""A case without a topic is sorted once, whole or not at all, and never one that somebody has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from ivr.conversation.messages import PLAN_TURN
from ivr.flow.effect import AttachRecording, FindCase, OpenCase, TellOffice, WithdrawCase
from ivr.flow.event import CaseFound
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import Kind
from routing.cases.sorting import Doubt, Unclear
from routing.casework import Evidence, Sorted, Unsorted
from routing.delivery.letter import News, news_id
from routing.ports import JobKind, OfficeCase
from routing.rules.condition import CallerKind, Facts
from routing.rules.router import Decision
from routing.rules.ruleset import How
from storage.acceptance import accept
from storage.answers import StoredAnswers
from storage.bounces import StoredBounces
from storage.cases import StoredCases
from storage.moves import moved_to
from storage.outbox import StoredOutbox
from storage.sorting import StoredSorting
from storage.tables.cases import case_events
from storage.tables.outbox import outbox
from tests.storage.stepping import (
    AT,
    CALLER,
    DIALLED,
    SEALING,
    House,
    call_of,
    first_step,
    follow,
    later_step,
    open_case,
    opened,
    rung_of,
)

CASE: Final = "46270395"
LATER: Final = AT + timedelta(minutes=5)
OPENING: Final = replace(open_case(CASE), topic=None, office="mayor", rule="own")
WORDS: Final = Evidence("RE1", "openai")
UNSURE: Final = Unclear(Doubt.UNSURE, ("water",))


@asynccontextmanager
async def waiting(
    folder: Path, opening: OpenCase = OPENING
) -> AsyncIterator[tuple[House, StoredSorting]]:
    """A case at its default office, told to it, with a recording."""
    async with opened(folder) as house:
        await house.journal.append(first_step("a"))
        attach = AttachRecording(CASE, 1, "RE1", 12, "zh-CN")
        await house.journal.append(
            later_step("a", 1, opening, TellOffice(CASE, opening.office), attach)
        )
        yield house, StoredSorting(house.database, SEALING)


async def case_of(house: House) -> OfficeCase:
    case = await StoredCases(house.database, house.recordings).case(CASE)
    assert case is not None
    return case


async def found(store: StoredSorting) -> Unsorted:
    case = await store.unsorted(CASE)
    assert case is not None
    return case


def leads(case: Unsorted, office: str = "water", evidence: Evidence = WORDS) -> Sorted:
    decision = Decision("topic-water", office, How.PUT_THROUGH, confidential=False, version=1)
    return Sorted(case, "water", decision, 7, evidence)


async def told(house: House) -> list[tuple[str, dict[str, object]]]:
    """What is to be told, and to whom."""
    telling = {JobKind.TELL_OFFICE, JobKind.TELL_MOVED}
    jobs = await StoredOutbox(house.database).claim(LATER, 100)
    return [(job.kind, dict(job.payload)) for job in jobs if job.kind in telling]


async def events(house: House) -> list[Any]:
    async with house.database.reading() as connection:
        return list(
            (await connection.execute(select(case_events).order_by(case_events.c.id))).all()
        )


async def test_it_is_read_as_the_rules_saw_its_call(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, store):
        case = await store.unsorted(CASE)
        nobodys = await store.unsorted("11111116")
    facts = Facts(
        dialled=DIALLED,
        language="zh-CN",
        kind=Kind.HELP,
        about=None,
        topic=None,
        group=None,
        district="县城",
        caller_kind=CallerKind.MOBILE,
        at=AT + timedelta(seconds=1),
    )
    assert case == Unsorted(CASE, "mayor", 1, facts, Confidentiality.NAMED)
    assert nobodys is None


@pytest.mark.parametrize(
    ("caller", "kind"), [(None, CallerKind.WITHHELD), ("+862152345678", CallerKind.LANDLINE)]
)
async def test_what_is_known_of_its_caller_is_known_of_the_number(
    tmp_path: Path, caller: str | None, kind: CallerKind
) -> None:
    async with waiting(tmp_path, replace(OPENING, caller=caller)) as (_, store):
        assert (await found(store)).facts.caller_kind is kind


async def test_it_goes_and_both_are_told_and_the_day_stays(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        before = await case_of(house)
        assert before.unsorted
        assert await store.sort(leads(await found(store)), LATER)
        after, last, jobs = await case_of(house), (await events(house))[-1], await told(house)
        shown = await StoredCases(house.database, house.recordings).cases("water")

    assert (after.office, after.topic, after.state) == ("water", "water", CaseState.DISPATCHED)
    assert (after.due, after.caller, after.opened_at) == (before.due, "…34", before.opened_at)
    assert (after.unsorted, after.to_sort) == (False, None)
    assert [case.reference for case in shown] == [CASE]
    assert (last.actor, last.from_state, last.to_state) == ("system", "dispatched", "dispatched")
    assert last.note == "words of openai, plan 7, rule topic-water"
    assert jobs == [
        ("tell_office", {"reference": CASE, "office": "mayor"}),
        ("tell_office", {"reference": CASE, "office": "water", "of": "moved to water"}),
        ("tell_moved", {"reference": CASE, "office": "mayor"}),
    ]


async def test_progress_by_phone_names_the_new_office(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await store.sort(leads(await found(store)), LATER)
        answer = await progress(house)

    assert isinstance(answer, CaseFound)
    assert answer.office == "water"


async def progress(house: House) -> object:
    """The caller asks with number and PIN."""
    answers = StoredAnswers(house.database, SEALING, house.effects, ZoneInfo("Asia/Shanghai"))
    return await answers.answer(call_of("a", 2, CALLER), 2, FindCase(CASE, OPENING.pin), LATER)


async def test_a_topic_that_leads_to_the_same_office_moves_nothing(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        assert await store.sort(leads(await found(store), "mayor"), LATER)
        case, jobs = await case_of(house), await told(house)

    assert (case.office, case.topic, case.unsorted) == ("mayor", "water", False)
    assert jobs == [("tell_office", {"reference": CASE, "office": "mayor"})]


async def test_it_is_sorted_once_however_often_and_by_however_many(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        case = await found(store)
        ways = [leads(case), leads(case, "power"), leads(case, "mayor", Evidence(by="x"))]
        done = await asyncio.gather(*(store.sort(way, LATER) for way in ways * 3))
        noted = len(await events(house))
        assert await store.unsorted(CASE) is None
        await store.leave(CASE, UNSURE, WORDS, LATER)
        after = await case_of(house)

    assert sorted(done) == [False] * 8 + [True]
    assert noted == 4
    assert after.to_sort is None


async def test_a_person_is_named_in_the_audit_and_moves_what_words_left(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await store.leave(CASE, UNSURE, WORDS, LATER)
        left = await case_of(house)
        assert await store.sort(leads(await found(store), evidence=Evidence(by="综合科")), LATER)
        after, last = await case_of(house), (await events(house))[-1]

    assert (left.office, left.unsorted, left.to_sort) == ("mayor", True, UNSURE)
    assert (after.office, after.to_sort) == ("water", None)
    assert (last.actor, last.note) == ("dispatcher", "sorted: 综合科, plan 7, rule topic-water")


async def test_the_latest_words_say_why_it_waits(tmp_path: Path) -> None:
    several = Unclear(Doubt.SEVERAL, ("water", "power"))
    async with waiting(tmp_path) as (house, store):
        for unclear in (UNSURE, several, several):
            await store.leave(CASE, unclear, WORDS, LATER)
        case, noted = await case_of(house), len(await events(house))

    assert case.to_sort == several
    assert noted == 3, "waiting is no transition"


async def test_what_somebody_accepts_meanwhile_is_not_moved(tmp_path: Path) -> None:
    """Words have decided by what they saw; it waits for a person, who sees that it is accepted."""
    async with waiting(tmp_path) as (house, store):
        case = await found(store)
        await house.database.brief(lambda unit: accept(unit, CASE, "office page", AT))
        assert not await store.sort(leads(case), LATER)
        await store.leave(CASE, UNSURE, WORDS, LATER)
        after = await case_of(house)

    assert (after.office, after.unsorted, after.to_sort) == ("mayor", True, UNSURE)


async def test_what_has_ended_or_has_a_topic_is_not_moved(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        case = await found(store)
        await house.journal.append(later_step("a", 2, WithdrawCase(CASE)))
        assert await store.unsorted(CASE) is None
        assert not await store.sort(leads(case), LATER)
    (tmp_path / "b").mkdir()
    async with waiting(tmp_path / "b", replace(OPENING, topic="power")) as (_, store):
        assert await store.unsorted(CASE) is None


async def test_a_message_of_an_outage_is_sorted_though_it_has_its_numbers_topic(
    tmp_path: Path,
) -> None:
    taken = replace(OPENING, turn=PLAN_TURN, kind=Kind.ENQUIRY, topic="power")
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        call = replace(later_step("a", 1).call, turn=PLAN_TURN)
        await house.calls.apply(call, (taken,), AT, 0)
        store = StoredSorting(house.database, SEALING)
        case = await found(store)
        before = await case_of(house)
        assert await store.sort(leads(case), LATER)
        after = await case_of(house)
        assert await store.unsorted(CASE) is None
        assert not await store.sort(leads(case, "mayor"), LATER)

    assert (case.facts.kind, case.facts.topic) == (None, None)
    assert (before.unsorted, before.topic) == (True, None)
    assert (after.unsorted, after.topic, after.kind, after.office) == (
        False,
        "water",
        None,
        "water",
    )


async def test_the_ladder_begins_anew_at_the_new_office(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await follow(house, *(rung_of(CASE, "mayor", rung, AT) for rung in (1, 2)))
        await store.sort(leads(await found(store)), LATER)
        await follow(house, rung_of(CASE, "water", 1, LATER))
        async with house.database.reading() as connection:
            query = select(outbox.c.payload).where(outbox.c.kind == JobKind.ESCALATE.value)
            steps = (await connection.execute(query)).scalars().all()

    assert len(steps) == 1
    assert '"water"' in steps[0]


async def test_it_stands_with_its_callers_earlier_case_of_the_new_office(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for turn, (reference, office) in enumerate(
            (("10000008", "water"), ("20000006", "mayor"), (CASE, "mayor"), ("30000004", "water")),
            1,
        ):
            await house.journal.append(first_step(reference))
            case = replace(OPENING, reference=reference, office=office, turn=turn, topic=None)
            await house.journal.append(later_step(reference, turn, case))
        before = await case_of(house)
        store = StoredSorting(house.database, SEALING)
        await store.sort(leads(await found(store)), LATER)
        after = await case_of(house)

    assert (before.group_of, after.group_of) == ("20000006", "10000008")


async def test_what_a_rule_seals_is_linked_to_nobody(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        done = leads(await found(store))
        sealed = replace(done, decision=replace(done.decision, confidential=True))
        await store.sort(sealed, LATER)
        case = await case_of(house)

    assert (case.confidentiality, case.caller, case.group_of) == (
        Confidentiality.CONFIDENTIAL,
        None,
        None,
    )


async def test_words_are_read_for_their_topic_once_for_each_who_heard_them(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, _):
        for source in ("openai", "openai", "carrier"):
            await house.calls.hold_transcript("RE1", "停水了", source, AT)
        jobs = await StoredOutbox(house.database).claim(AT, 100)

    sorting = [job.payload for job in jobs if job.kind == "sort"]
    assert sorting == [{"recording": "RE1", "source": source} for source in ("openai", "carrier")]


async def test_a_mail_of_a_move_that_came_back_finds_its_work(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await store.sort(leads(await found(store)), LATER)
        work = StoredOutbox(house.database)
        for job in await work.claim(LATER, 100):
            await work.done(job, LATER)
        bounces = StoredBounces(house.database)
        (gone,) = (await case_of(house)).trail
        letters = [
            news_id(News.CASE, CASE, moved_to(gone)),
            news_id(News.MOVED, CASE, "mayor"),
            news_id(News.CASE, CASE, moved_to(replace(gone, after="mayor"))),
            news_id(News.MOVED, CASE, "water"),
        ]
        seen = [await bounces.came_back(letter, "5.1.1", LATER) for letter in letters]

    assert seen == [True, True, False, False]
