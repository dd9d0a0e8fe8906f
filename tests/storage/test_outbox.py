"""Durable work: claimed with a lease, taken over, finished once, given up for a person to see."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select, update

from ivr.flow.effect import TellOffice
from routing.handoff import LONGEST_JOB
from routing.ports import Job, JobKind
from storage.effects import enqueue
from storage.engine import Database
from storage.handing import LEASE
from storage.outbox import ALL, IN_DOUBT, STRANGE_FOR, Standing, StoredOutbox
from storage.tables.outbox import outbox
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, House, first_step, later_step, open_case, opened

SECOND: Final = timedelta(seconds=1)
MORE: Final = 100
"""More jobs than these tests have."""


async def add(house: House, name: str, at: datetime = AT, **payload: str) -> None:
    """One job of kind `tell`, with `name` for its key."""
    body: Mapping[str, str] = payload or {"to": "+8613800001234"}
    async with house.database.unit_of_work() as unit:
        await unit.execute(enqueue(JobKind.TELL_OFFICE, body, name, at, None))


async def state_of(house: House, job: Job) -> tuple[str, str, str | None]:
    """Its state, payload and error."""
    async with house.database.reading() as connection:
        query = select(outbox.c.state, outbox.c.payload, outbox.c.error)
        row = (await connection.execute(query.where(outbox.c.id == job.id))).one()
    return row.state, row.payload, row.error


async def errors(house: House) -> list[str | None]:
    """Why work was given up, the latest first."""
    query = select(outbox.c.error).where(outbox.c.state == "dead")
    async with house.database.reading() as connection:
        return list((await connection.execute(query.order_by(outbox.c.finished.desc()))).scalars())


async def only(store: StoredOutbox, now: datetime = AT) -> Job:
    """The one job that is due."""
    (job,) = await store.claim(now, MORE)
    return job


async def test_work_is_claimed_when_it_is_due_and_longest_waiting_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await add(house, "late", AT + SECOND)
        await add(house, "first", AT - 2 * SECOND)
        await add(house, "next", AT - SECOND)
        (claimed,) = await store.claim(AT, 1)
        assert (claimed.key, claimed.kind, claimed.attempts) == ("first", "tell_office", 1)
        assert claimed.payload == {"to": "+8613800001234"}
        assert [job.key for job in await store.claim(AT, MORE)] == ["next"]
        assert await store.claim(AT, MORE) == ()
        assert [job.key for job in await store.claim(AT + SECOND, MORE)] == ["late"]


async def test_the_same_key_is_the_same_work(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await add(house, "once", to="first")
        await add(house, "once", to="second")
        job = await only(StoredOutbox(house.database))
    assert job.payload == {"to": "first"}


async def test_two_who_claim_at_once_share_the_work(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for n in range(40):
            await add(house, f"job{n}")
        stores = [StoredOutbox(house.database) for _ in range(8)]
        shares = await asyncio.gather(*(store.claim(AT, 7) for store in stores))
        keys = [job.key for share in shares for job in share]
    assert len(keys) == len(set(keys)) == 40


async def test_work_of_a_kind_that_a_newer_version_knows_is_left_to_it(tmp_path: Path) -> None:
    """While an upgrade goes from machine to machine; what is due for hours has nobody left."""
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await add(house, "newer")
        async with house.database.unit_of_work() as unit:
            await unit.execute(update(outbox).values(kind="fax"))
        await add(house, "ours", AT + SECOND)

        ours = await only(store, AT + SECOND)
        assert ours.key == "ours"
        await store.done(ours, AT + SECOND)
        assert await store.claim(AT + STRANGE_FOR - SECOND, 1) == ()
        strange = await only(store, AT + STRANGE_FOR)

        assert (strange.key, strange.kind, strange.attempts) == ("newer", "fax", 1)


async def test_the_work_of_one_who_died_is_taken_over_when_the_lease_ends(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await add(house, "job")
        dead, heir = StoredOutbox(house.database), StoredOutbox(house.database)
        lost = await only(dead)
        assert await heir.claim(AT + LEASE - SECOND, MORE) == ()
        taken = await only(heir, AT + LEASE)
        assert (taken.id, taken.attempts) == (lost.id, 2)


def test_no_handler_outlasts_its_lease() -> None:
    assert LONGEST_JOB < LEASE


async def test_one_who_lost_the_lease_changes_nothing_any_more(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await add(house, "job")
        store = StoredOutbox(house.database)
        late = await only(store)
        heir = await only(store, AT + LEASE)
        before = await state_of(house, heir)
        await store.sending(late)
        await store.done(late, AT + LEASE)
        await store.again(late, AT, "late")
        await store.give_up(late, AT, "late")
        assert await state_of(house, heir) == before
        await store.done(heir, AT + LEASE)
        assert (await state_of(house, heir))[0] == "done"


async def test_finished_work_says_nothing_of_people_any_more(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await add(house, "job", to="+8613800001234", pin="7315")
        store = StoredOutbox(house.database)
        job = await only(store)
        await store.done(job, AT)
        assert await state_of(house, job) == ("done", "{}", None)
        assert await store.claim(AT + 2 * LEASE, MORE) == ()


async def test_work_given_back_waits_for_its_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await add(house, "job")
        store = StoredOutbox(house.database)
        job = await only(store)
        await store.again(job, AT + 5 * SECOND, "the carrier is busy")
        assert (await state_of(house, job))[2] == "the carrier is busy"
        assert await store.claim(AT + 4 * SECOND, MORE) == ()
        assert (await only(store, AT + 5 * SECOND)).attempts == 2


async def test_only_what_the_far_side_did_counts_as_a_failure(tmp_path: Path) -> None:
    """A claim that ended without a word (a kill), and one that our own disk kept from its work,
    leave the job as many tries as before."""
    async with opened(tmp_path) as house:
        await add(house, "job")
        store = StoredOutbox(house.database)
        await store.again(await only(store), AT, "busy")
        await store.again(await only(store), AT, "the disk is full", counted=False)
        await only(store)  # killed
        job = await only(store, AT + LEASE)
    assert (job.attempts, job.failures, job.tries) == (4, 1, 2)


async def test_failed_work_is_kept_for_a_person(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await add(house, "job")
        store = StoredOutbox(house.database)
        job = await only(store)
        await store.give_up(job, AT, "the number takes no texts")
        state, payload, _ = await state_of(house, job)
        assert (state, "+8613800001234" in payload) == ("dead", True)
        assert await store.claim(AT + 2 * LEASE, MORE) == ()
        assert await errors(house) == ["the number takes no texts"]


async def test_a_request_that_may_have_gone_out_comes_back_with_one_try_more(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        await add(house, "job")
        store = StoredOutbox(house.database)
        await store.sending(await only(store))
        in_doubt = await only(store, AT + LEASE)
        assert in_doubt.attempts == 2, "its handler asks the far side before it repeats"
        assert (await state_of(house, in_doubt))[0] == "sending"
        await store.again(in_doubt, AT + 2 * LEASE, "the carrier did not say")
        assert (await state_of(house, in_doubt))[0] == "ready"


@pytest.mark.parametrize("sending", [True, False])
async def test_a_new_server_need_not_wait_for_a_dead_ones_lease(
    tmp_path: Path, sending: bool
) -> None:
    async with opened(tmp_path) as house:
        for name in ("held", "again", "done", "dead"):
            await add(house, name)
        await add(house, "later", AT + 30 * SECOND)
        store = StoredOutbox(house.database)
        jobs = {job.key: job for job in await store.claim(AT, MORE)}
        await store.again(jobs["again"], AT + 20 * SECOND, "busy")
        await store.done(jobs["done"], AT)
        await store.give_up(jobs["dead"], AT, "refused")
        if sending:
            await store.sending(jobs["held"])
        assert await store.take_back(AT + SECOND) == 1
        at = AT + SECOND
        if sending:  # the far side is asked first, once its list can tell
            assert await store.claim(at + IN_DOUBT - SECOND, MORE) == ()
            at += IN_DOUBT
        back = await only(store, at)
        assert (back.key, back.attempts) == ("held", 2)
        rest = await store.claim(AT + 30 * SECOND, MORE)
        assert {job.key for job in rest} == {"again", "later"}


async def test_a_job_that_failed_before_is_taken_back_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await add(house, "job")
        store = StoredOutbox(house.database)
        await store.again(await only(store), AT + SECOND, "busy")
        await only(store, AT + SECOND)
        assert await store.take_back(AT + 2 * SECOND) == 1


async def test_work_enqueued_by_a_step_ends_the_wait(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await house.journal.append(first_step("a"))
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            group.create_task(store.wait(2 * DEADLINE))
            told = TellOffice("46270395", "water")
            await house.journal.append(later_step("a", 1, open_case(), told))
        assert (await only(store, AT + LEASE)).kind == "tell_office"


async def test_without_work_the_wait_ends_by_itself(tmp_path: Path) -> None:
    async with opened(tmp_path) as house, asyncio.timeout(DEADLINE):
        await StoredOutbox(house.database).wait(0.01)


async def test_work_of_a_transaction_that_failed_is_never_seen(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(ZeroDivisionError):
            await _fail(house.database)
        assert await StoredOutbox(house.database).claim(AT, MORE) == ()


async def _fail(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await unit.execute(enqueue(JobKind.TELL_OFFICE, {}, "job", AT, None))
        raise ZeroDivisionError


async def test_the_backlog_says_how_much_of_what_and_since_when(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        assert await store.backlog(AT) == []
        for n, name in enumerate(("done", "dead", "again", "held", "new", "newer")):
            await add(house, name, AT + n * SECOND)
        await add(house, "tomorrow", AT + timedelta(days=1))
        done, dead, again, _ = await store.claim(AT + 3 * SECOND, MORE)
        await store.done(done, AT)
        await store.give_up(dead, AT + 9 * SECOND, "refused")
        await store.again(again, AT + LEASE, "busy")
        found = await store.backlog(AT + 60 * SECOND)

    assert {(b.standing, b.many, b.since) for b in found} == {
        (Standing.DUE, 2, AT + 4 * SECOND),
        (Standing.AT_WORK, 1, AT + 3 * SECOND),
        (Standing.RETRYING, 1, AT + 2 * SECOND),
        (Standing.LATER, 1, AT + timedelta(days=1)),
        (Standing.DEAD, 1, AT + 9 * SECOND),
    }
    assert {b.kind for b in found} == {"tell_office"}


@pytest.mark.sqlite
@pytest.mark.parametrize("query", [ALL.look.query, ALL.take], ids=["look", "claim"])
async def test_a_claim_looks_at_no_finished_work(tmp_path: Path, query: Any) -> None:
    """A day's finished work lies in the same table, and claims are made every second."""
    async with opened(tmp_path) as house, house.database.reading() as connection:
        words = str(query.compile(connection.engine))
        values = ["x"] * words.count("?")

        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", tuple(values))

        assert "ix_outbox_ready_run_at" in str(plan.all())


async def test_a_jobs_number_is_never_anothers(tmp_path: Path) -> None:
    """A text in hand whose row its caller took back must not finish the work that came next."""
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await add(house, "taken back")
        gone = await only(store)
        async with house.database.unit_of_work() as unit:
            await unit.execute(outbox.delete())
        await add(house, "next")
        following = await only(store)

        await store.done(gone, AT)

        assert following.id != gone.id
        assert (await state_of(house, following))[0] == "ready"
