"""The sweep over real stores, with a carrier whose lists the test writes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from ivr.carrier.account import CarrierError, CarrierRefused, CarrierUnreachable
from ivr.carrier.sweep import AFTER_TALK, LISTED_EVERY, LOOKS, MOST_AGAIN, MOST_ASKED
from ivr.flow.event import HungUp, Pressed
from ivr.flow.progress import CallStatus
from ivr.flow.world import Plan
from ivr.ports.calls import CallEnd
from routing.ledger import EXPECTED, GapKind, Why
from storage.bounces import StoredBounces
from storage.tables.calls import call_ends
from storage.tables.cases import cases, recordings
from storage.tables.outbox import outbox
from tests.ivr.carrier.floor import LONGEST, MINUTE, WITHIN, Floor, Lists, floor_of, stated, work
from tests.ivr.desk import Rung, opened


@pytest.fixture
async def floor(kind: None, empty_database: Path, demo_plan: Plan) -> AsyncIterator[Floor]:
    async with opened(empty_database, demo_plan) as desk:
        yield floor_of(desk, Lists())


async def test_nothing_is_missing_of_a_call_that_goes_its_way(floor: Floor) -> None:
    call = await floor.desk.record()
    await floor.desk.action(call)
    await floor.desk.end(call)

    assert await floor.swept() == []
    last = await floor.ledger.last_round()
    assert last is not None
    assert (last.mended, last.answered) == (0, True)


async def test_an_end_that_was_never_told_is_asked_for(floor: Floor) -> None:
    call = await floor.desk.ring()
    floor.pass_(WITHIN - MINUTE)
    assert await floor.swept() == []
    assert floor.lists.asked == ["recordings"], "it may well go on"
    floor.pass_(MINUTE)
    floor.lists.is_(call.sid, CallStatus.NO_ANSWER, floor.now)

    assert await floor.swept() == []

    assert await floor.ends() == ["no-answer"]
    await floor.swept()
    assert floor.lists.asked.count(f"fetch {call.sid}") == 1


async def test_an_end_that_comes_while_recording_is_settled(floor: Floor) -> None:
    """All three webhooks are lost; the carrier's lists have both the end and the recording."""
    call = await floor.desk.record()
    floor.lists.recorded(call.sid, floor.now)
    floor.pass_(WITHIN)
    floor.lists.is_(call.sid, CallStatus.COMPLETED, floor.now)
    await floor.swept()
    floor.pass_(MINUTE)
    assert await floor.desk.settle() == 1

    assert await floor.swept() == []

    case = await floor.desk.case(call)
    (recording,) = await floor.desk.rows(recordings)
    assert recording.reference == case.reference


async def test_a_call_that_the_carrier_says_goes_on_is_left_alone(floor: Floor) -> None:
    call = await floor.desk.ring()
    floor.lists.is_(call.sid, CallStatus.IN_PROGRESS, floor.now)
    floor.pass_(WITHIN)

    for _ in range(3):
        assert await floor.swept() == []
    assert floor.lists.asked.count(f"fetch {call.sid}") == 1
    floor.pass_(timedelta(seconds=LOOKS))
    assert await floor.swept() == []
    assert floor.lists.asked.count(f"fetch {call.sid}") == 2
    assert (await floor.ends(), floor.lists.hung_up) == ([], [])


async def test_unknown_is_not_over(floor: Floor) -> None:
    call = await floor.desk.ring()
    floor.pass_(WITHIN)

    for _ in range(3):
        assert await floor.swept() == [(GapKind.END, call.id, Why.UNKNOWN)]

    assert await floor.ends() == []
    assert (await floor.gap()).since == floor.now
    assert floor.lists.asked.count(f"fetch {call.sid}") == 1, "asked again after a while"


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (CarrierUnreachable("the carrier failed"), Why.UNREACHABLE),
        (CarrierRefused("the carrier refused: code 20003", status=401), Why.REFUSED),
    ],
    ids=["silent", "refuses"],
)
async def test_a_carrier_that_does_not_tell_mends_nothing(
    floor: Floor, trouble: CarrierError, why: Why
) -> None:
    """Later, then, and it is asked once a sweep, not once a call."""
    called = [await floor.desk.ring(f"CA{n}") for n in range(3)]
    floor.pass_(WITHIN)
    floor.lists.trouble = trouble

    missing = await floor.swept()
    missing = await floor.swept()

    assert sorted(missing) == sorted((GapKind.END, call.id, why) for call in called)
    assert {gap.tried for gap in await floor.ledger.gaps()} == {2}
    assert {gap.told for gap in await floor.ledger.gaps()} == {str(trouble)}
    assert await floor.ends() == []
    last = await floor.ledger.last_round()
    assert last is not None
    assert last.answered == (why is Why.REFUSED)
    if why is Why.UNREACHABLE:
        assert len(floor.lists.asked) == 2
    floor.lists.trouble = None
    for call in called:
        floor.lists.is_(call.sid, CallStatus.COMPLETED, floor.now)
    assert await floor.swept() == []
    assert await floor.ends() == ["completed"] * 3


async def test_a_call_beyond_all_bounds_is_hung_up(floor: Floor) -> None:
    call = await floor.desk.ring()
    floor.lists.is_(call.sid, CallStatus.IN_PROGRESS, floor.now)
    floor.pass_(LONGEST + AFTER_TALK)
    assert await floor.swept() == []
    assert floor.lists.hung_up == []
    floor.pass_(timedelta(seconds=LOOKS))

    assert await floor.swept() == [(GapKind.END, call.id, Why.STUCK)]

    assert floor.lists.hung_up == [call.sid]
    assert await floor.ends() == [], "the carrier's word ends it"
    floor.lists.is_(call.sid, CallStatus.COMPLETED, floor.now)
    assert await floor.swept() == []
    assert await floor.ends() == ["completed"]


async def test_a_call_that_said_goodbye_and_goes_on_is_hung_up(floor: Floor) -> None:
    """Our last document was lost on its way; nobody speaks there any more."""
    call = await floor.desk.ring()
    await floor.desk.turn(call, 1, HungUp())
    floor.lists.is_(call.sid, CallStatus.IN_PROGRESS, floor.now)
    floor.pass_(WITHIN)

    assert await floor.swept() == [(GapKind.END, call.id, Why.STUCK)]

    assert floor.lists.hung_up == [call.sid]


async def test_a_clock_that_jumps_an_hour_cuts_nobody_off(floor: Floor) -> None:
    call = await floor.desk.ring()
    started = floor.now
    floor.lists.is_(call.sid, CallStatus.IN_PROGRESS, started)
    floor.pass_(LONGEST)
    floor.desk.clock.pass_(3600)  # and no other clock

    assert await floor.swept() == []
    floor.desk.clock.pass_(-3660)
    assert await floor.swept() == []

    assert floor.lists.hung_up == []


async def test_many_lost_ends_are_asked_for_a_few_at_a_time(floor: Floor) -> None:
    many = MOST_ASKED + 5
    for n in range(many):
        await floor.desk.ring(f"CA{n}")
        floor.lists.is_(f"CA{n}", CallStatus.COMPLETED, floor.now)
    floor.pass_(WITHIN)

    await floor.swept()
    assert len(await floor.ends()) == MOST_ASKED
    await floor.swept()
    assert len(await floor.ends()) == many


async def test_what_is_given_up_at_once_is_missing_since_then(floor: Floor) -> None:
    await stated(floor)
    await work(floor, fails=True)
    await floor.swept()

    assert {gap.since for gap in await floor.ledger.gaps()} == {floor.now}


async def test_work_that_is_late_and_work_that_was_given_up_are_missed(floor: Floor) -> None:
    await stated(floor)
    floor.pass_(EXPECTED[GapKind.DELIVERY].within - MINUTE)
    assert await floor.swept() == []
    floor.pass_(MINUTE)

    missing = {(kind, why) for kind, _, why in await floor.swept()}
    kinds = {GapKind.DELIVERY, GapKind.TEXT, GapKind.SOUND}
    assert missing == {(kind, Why.WAITING) for kind in kinds}

    await work(floor, fails=True)
    missing = {(kind, why) for kind, _, why in await floor.swept()}
    assert missing == {(kind, Why.GIVEN_UP) for kind in kinds}
    assert {gap.told for gap in await floor.ledger.gaps()} == {"the far side says no"}

    floor.pass_(timedelta(hours=1))
    await floor.swept()
    await work(floor, fails=False)
    missing = {(kind, why) for kind, _, why in await floor.swept()}
    assert missing == {(GapKind.TEXT, Why.GIVEN_UP)}, "a person says whether it goes out now"

    (job,) = await floor.ledger.given_up()
    assert await floor.ledger.again(job.id, floor.now)
    await work(floor, fails=False)
    assert await floor.swept() == []


async def test_what_is_given_up_is_a_persons_after_a_day(floor: Floor) -> None:
    await stated(floor)
    for _ in range(2 * MOST_AGAIN + 3):
        await work(floor, fails=True)
        await floor.swept()
        floor.pass_(timedelta(minutes=61))
    await floor.swept()

    gaps = await floor.ledger.gaps()
    assert {gap.tried for gap in gaps} == {MOST_AGAIN}
    (job, *_) = await floor.ledger.given_up()
    assert await floor.ledger.again(job.id, floor.now)


async def test_a_mail_that_came_back_is_counted_and_left_to_people(floor: Floor) -> None:
    """Or a closed mailbox would be written to every hour."""
    await stated(floor)
    await work(floor, fails=False)
    async with floor.desk.database.unit_of_work() as unit:
        ((reference,),) = await unit.execute(select(cases.c.reference))
    bounces = StoredBounces(floor.desk.database)
    assert await bounces.came_back(f"case-{reference}", "5.1.1", floor.now)
    for _ in range(3):
        floor.pass_(timedelta(minutes=61))
        why = [why for kind, _, why in await floor.swept() if kind is GapKind.DELIVERY]
        assert why == [Why.GIVEN_UP]

    assert [job.kind for job in await floor.desk.outbox.claim(floor.now, 9)] == []
    gaps = [gap for gap in await floor.ledger.gaps() if gap.kind is GapKind.DELIVERY]
    assert [gap.tried for gap in gaps] == [0]


async def test_what_is_given_up_again_waits_its_hour(floor: Floor) -> None:
    await stated(floor)
    await work(floor, fails=True)
    for tried in (0, 0, 1, 1, 2):
        await floor.swept()
        await work(floor, fails=True)
        gaps = [gap for gap in await floor.ledger.gaps() if gap.kind is GapKind.DELIVERY]
        assert [gap.tried for gap in gaps] == [tried]
        floor.pass_(timedelta(minutes=35))


async def test_sound_that_nothing_fetches_is_fetched_anew(floor: Floor) -> None:
    call = await stated(floor)
    async with floor.desk.database.unit_of_work() as unit:
        await unit.execute(outbox.delete())
    floor.pass_(EXPECTED[GapKind.SOUND].within)

    assert await floor.swept() == [(GapKind.SOUND, call.recording.sid, Why.WAITING)]
    (job,) = await floor.desk.outbox.claim(floor.now, 9)
    assert job.payload == {"recording": call.recording.sid}
    assert await floor.swept() == [], "it is on its way again"


async def test_a_recording_that_no_webhook_told_of_becomes_its_case(floor: Floor) -> None:
    call = await floor.desk.record()
    await floor.desk.turn(call, 3, HungUp())
    floor.lists.recorded(call.sid, floor.now)
    floor.pass_(EXPECTED[GapKind.RECORDING].within)
    floor.lists.is_(call.sid, CallStatus.IN_PROGRESS, floor.now)
    assert await floor.swept() == [(GapKind.END, call.id, Why.STUCK)]
    assert await floor.desk.count(cases) == 0, "its webhooks may come while the call goes on"
    floor.lists.is_(call.sid, CallStatus.COMPLETED, floor.now)
    floor.pass_(timedelta(seconds=LISTED_EVERY))

    assert await floor.swept() == []

    assert (await floor.desk.case(call)).reference
    assert await floor.desk.count(recordings) == 1


async def test_a_recording_is_early_while_its_webhooks_may_come(floor: Floor) -> None:
    call = await floor.desk.record()
    await floor.desk.turn(call, 3, HungUp())
    await floor.desk.end(call)
    floor.lists.recorded(call.sid, floor.now)
    floor.desk.recorded = False  # the list of the call comes later than its settling
    floor.pass_(MINUTE)
    assert await floor.desk.settle() == 1

    assert await floor.swept() == []
    assert await floor.desk.count(cases) == 0

    floor.pass_(timedelta(days=3))
    assert await floor.swept() == []
    assert await floor.desk.count(cases) == 1, "it is remembered from where the list was early"


async def test_the_recordings_of_strangers(floor: Floor) -> None:
    """One to a number of ours is missed until its case is there; one of another application of
    the account is nobody's."""
    at = floor.now
    floor.lists.is_("CAours", CallStatus.COMPLETED, at)
    floor.lists.is_("CAtheirs", CallStatus.COMPLETED, at, to="+8655812121212")
    for sid in ("CAours", "CAtheirs", "CAgone"):
        floor.lists.recorded(sid, at)
    floor.pass_(EXPECTED[GapKind.RECORDING].within)

    for _ in range(2):
        missing = await floor.swept()
        assert sorted(missing) == [
            (GapKind.RECORDING, "RECAgone", Why.STRANGER),
            (GapKind.RECORDING, "RECAours", Why.STRANGER),
        ]
        floor.pass_(timedelta(seconds=LISTED_EVERY))
    assert floor.lists.asked.count("fetch CAtheirs") == 1
    assert await floor.desk.count(cases) == 0

    call = await floor.desk.ring("CAlater")
    await floor.desk.calls.hold_recording(call.id, 1, Rung("CAours", "").recording, floor.now)
    assert await floor.swept() == [(GapKind.RECORDING, "RECAgone", Why.STRANGER)]


async def test_a_forgotten_calls_recording_is_for_a_person(floor: Floor) -> None:
    call = await floor.desk.ring()
    await floor.desk.end(call)
    ref = floor.lists.recorded(call.sid, floor.now)
    floor.pass_(timedelta(hours=2))

    assert await floor.swept() == [(GapKind.RECORDING, ref.sid, Why.FORGOTTEN)]
    floor.pass_(timedelta(days=1))
    assert await floor.swept() == [(GapKind.RECORDING, ref.sid, Why.FORGOTTEN)]
    assert await floor.ledger.put_aside(GapKind.RECORDING, ref.sid)
    assert await floor.swept() == []


async def test_an_empty_recording_is_missed_by_nobody(floor: Floor) -> None:
    """It is held, to be deleted, where its call was answered here; else recovery has it deleted."""
    call = await floor.desk.ring()
    await floor.desk.end(call)
    held = floor.lists.recorded(call.sid, floor.now)
    floor.lists.recorded("CAgone", floor.now)
    floor.lists.made[:] = [replace(r, ref=replace(r.ref, seconds=0)) for r in floor.lists.made]
    floor.pass_(timedelta(hours=2))

    assert await floor.swept() == []
    (row,) = await floor.desk.rows(recordings)
    assert (row.sid, row.call_id, row.reference) == (held.sid, call.id, None)
    assert await floor.desk.count(cases) == 0


async def test_one_replica_at_a_time(floor: Floor) -> None:
    await floor.desk.ring()
    floor.pass_(WITHIN)
    await floor.swept()
    asked = len(floor.lists.asked)
    other = floor_of(floor.desk, floor.lists, "another")

    await other.sweep.run()

    assert len(floor.lists.asked) == asked


async def test_two_sweeps_at_once_do_no_harm(floor: Floor) -> None:
    """The lease only saves requests: a clock may jump beneath it."""
    call = await floor.desk.record()
    floor.lists.recorded(call.sid, floor.now)
    await floor.desk.turn(call, 3, Pressed("9"))
    floor.pass_(timedelta(hours=1))
    floor.lists.is_(call.sid, CallStatus.COMPLETED, floor.now)
    other = floor_of(floor.desk, floor.lists, "another")
    async with floor.desk.database.unit_of_work() as unit:
        await unit.execute(update(call_ends).values(end=CallEnd.COMPLETED.value))

    for one in (floor, other, floor, other):
        await one.sweep._walk()

    assert await floor.ends() == ["completed"]
    assert await floor.desk.count(cases) <= 1
