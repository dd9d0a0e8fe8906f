"""A case that was sorted goes back: whole or not at all, once, with the word to both offices."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from routing.cases.case import CaseState
from routing.cases.moves import CaseMove, Reason, Way
from routing.cases.sorting import Doubt, Unclear
from routing.casework import Back, Evidence
from routing.delivery.letter import News, news_id
from routing.ports import JobKind
from storage.acceptance import accept
from storage.bounces import StoredBounces
from storage.moves import left_by, moved_to
from storage.outbox import StoredOutbox
from storage.sorting import StoredSorting
from tests.storage.stepping import House
from tests.storage.test_sorting import CASE, LATER, case_of, events, found, leads, told, waiting

BY_HAND: Final = Evidence(by="office page")
THEN: Final = LATER + timedelta(minutes=5)


async def back_from(store: StoredSorting, way: Way = Way.RETURNED) -> Back:
    """As it would go back now."""
    case = await store.standing(CASE)
    assert case is not None
    reason = Reason.NOT_OURS if way is Way.RETURNED else None
    topic = None if way is Way.RETURNED else "water"
    move = CaseMove(len(case.trail) + 1, way, case.office, "mayor", topic, reason, THEN)
    return Back(case, move, "own", "office page")


async def accepted(house: House) -> None:
    await house.database.brief(lambda unit: accept(unit, CASE, "x", LATER))


@pytest.mark.parametrize("signed", [False, True])
async def test_a_return_is_an_audited_move_that_tells_both_and_keeps_the_day(
    tmp_path: Path, signed: bool
) -> None:
    async with waiting(tmp_path) as (house, store):
        before = await case_of(house)
        await store.sort(leads(await found(store), evidence=BY_HAND), LATER)
        await told(house)
        if signed:
            await accepted(house)
        assert await store.back(await back_from(store))
        after, rows = await case_of(house), await events(house)
        jobs = await StoredOutbox(house.database).claim(THEN, 100)

    state = "in_progress" if signed else "dispatched"
    assert (after.office, after.topic, after.state) == ("mayor", None, CaseState.DISPATCHED)
    assert (after.due, after.caller) == (before.due, before.caller)
    assert (after.unsorted, after.to_sort) == (True, Unclear(Doubt.RETURNED))
    assert [move.way for move in after.trail] == [Way.PERSON, Way.RETURNED]
    assert after.trail[-1].reason is Reason.NOT_OURS
    assert [(row.from_state, row.to_state, row.actor) for row in rows[-3:]] == [
        (state, "return_requested", "office"),
        ("return_requested", "triage", "system"),
        ("triage", "dispatched", "system"),
    ]
    assert rows[-3].note == "returned, not_ours: office page"
    assert [(job.kind, dict(job.payload)) for job in jobs if "2" in (job.key or "")[-2:]] == [
        ("tell_office", {"reference": CASE, "office": "mayor", "of": "moved to mayor 2"}),
        ("tell_moved", {"reference": CASE, "office": "water", "of": "water 2"}),
    ]


async def test_what_was_taken_back_suggests_what_it_was_taken_for(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await store.sort(leads(await found(store), evidence=BY_HAND), LATER)
        assert await store.back(await back_from(store, Way.TAKEN_BACK))
        after, rows = await case_of(house), await events(house)
        again = await store.sort(leads(await found(store), evidence=BY_HAND), THEN)
        last = await case_of(house)

    assert after.to_sort == Unclear(Doubt.TAKEN_BACK, ("water",))
    assert (rows[-1].from_state, rows[-1].to_state) == ("dispatched", "dispatched")
    assert (rows[-1].actor, rows[-1].note) == ("dispatcher", "taken back: office page")
    assert again
    assert (last.office, len(last.trail)) == ("water", 3)


async def test_of_many_at_once_one_moves_it(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await store.sort(leads(await found(store), evidence=BY_HAND), LATER)
        ways = [await back_from(store), await back_from(store, Way.TAKEN_BACK)]
        done = await asyncio.gather(*(store.back(way) for way in ways * 4))
        assert len((await case_of(house)).trail) == 2

    assert sorted(done) == [False] * 7 + [True]


async def test_who_accepted_meanwhile_keeps_it(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await store.sort(leads(await found(store), evidence=BY_HAND), LATER)
        seen = await back_from(store, Way.TAKEN_BACK)
        await accepted(house)
        assert not await store.back(seen)
        assert (await case_of(house)).office == "water"


async def test_the_ladder_begins_anew(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await store.sort(leads(await found(store), evidence=BY_HAND), LATER)
        work = StoredOutbox(house.database)
        for job in await work.claim(LATER, 100):
            await work.done(job, LATER)
        await accepted(house)
        await store.back(await back_from(store))
        kinds = [job.kind for job in await work.claim(THEN, 100)]
        case = await case_of(house)

    assert kinds == [JobKind.TELL_OFFICE, JobKind.TELL_MOVED]
    assert case.state is CaseState.DISPATCHED


async def test_a_mail_of_any_of_its_moves_that_came_back_finds_its_work(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await store.sort(leads(await found(store), evidence=BY_HAND), LATER)
        await store.back(await back_from(store))
        work = StoredOutbox(house.database)
        for job in await work.claim(THEN, 100):
            await work.done(job, THEN)
        first, second = (await case_of(house)).trail
        letters = [
            news_id(News.CASE, CASE, moved_to(first)),
            news_id(News.MOVED, CASE, left_by(first)),
            news_id(News.CASE, CASE, moved_to(second)),
            news_id(News.MOVED, CASE, left_by(second)),
            news_id(News.CASE, CASE, moved_to(replace(second, number=3))),
        ]
        bounces = StoredBounces(house.database)
        seen = [await bounces.came_back(letter, "5.1.1", THEN) for letter in letters]

    assert len(set(letters)) == 5
    assert seen == [True, True, True, True, False]


async def test_what_somebody_accepted_is_sorted_still_and_is_to_be_accepted_there(
    tmp_path: Path,
) -> None:
    async with waiting(tmp_path) as (house, store):
        await accepted(house)
        case = await found(store)
        assert case.state is CaseState.IN_PROGRESS
        assert (await case_of(house)).unsorted
        assert await store.sort(leads(case, evidence=BY_HAND), LATER)
        after, last = await case_of(house), (await events(house))[-1]

    assert (after.office, after.state) == ("water", CaseState.DISPATCHED)
    assert (last.from_state, last.to_state, last.actor) == (
        "in_progress",
        "dispatched",
        "dispatcher",
    )


async def test_sorted_where_it_was_accepted_it_stays_accepted(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (house, store):
        await accepted(house)
        await store.sort(leads(await found(store), "mayor", BY_HAND), LATER)
        after = await case_of(house)

    assert (after.office, after.topic, after.state) == ("mayor", "water", CaseState.IN_PROGRESS)
    assert after.trail[0].before == after.trail[0].after == "mayor"
