"""Phones that ring together: ordered with the step, the first who accepts joins, once, and what all
others had is free in the same transaction."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import select

from ivr.flow.effect import EndRound, NoteRing, OpenCase, RingLeg, TakeToken
from ivr.flow.progress import CallStatus, Progress
from ivr.flow.round import TO_WAIT, LegState
from ivr.ports.calls import CallEnd, Ending, LegAnswer
from ivr.ports.journal import Origin
from routing.ports import JobKind
from storage.lanes import lanes
from storage.outbox import StoredOutbox
from storage.outgoing import StoredOutgoing
from storage.ringing import leg_id
from storage.rounds import StoredRounds
from storage.tables.calls import joins, leg_answers, rings, tokens
from storage.tables.cases import cases
from storage.tables.outbox import outbox
from storage.tables.outgoing import outgoing
from tests.storage.stepping import (
    AT,
    DIALLED,
    SEALING,
    House,
    first_step,
    later_step,
    open_case,
    opened,
)

CALL, TURN = "a", 3
PHONES: Final = ("+8613800000101", "+8613800000102", "+8613800000103")
OFFICIALS: Final = ("+865580000001", "+865580000002", "+865580000003")
DAY: Final = "day 2026-11-24"


def rounds(house: House) -> StoredRounds:
    return StoredRounds(house.database, SEALING)


def kept(house: House) -> StoredOutgoing:
    return StoredOutgoing(house.database, SEALING)


def mine(leg: int) -> str:
    return leg_id(CALL, TURN, leg)


async def ring(house: House) -> None:
    """A call whose second turn rings three, each with a token and noted as a person."""
    await house.journal.append(first_step(CALL))
    legs = [RingLeg(TURN, leg, phone, DIALLED, 20) for leg, phone in enumerate(PHONES)]
    taken = [TakeToken(official, DAY, 0, TURN) for official in OFFICIALS]
    noted = [NoteRing(phone, TURN) for phone in PHONES]
    await house.journal.append(later_step(CALL, TURN - 1, *noted, *taken, *legs))


def says(leg: int, *, accepted: bool = True, office: str | None = None) -> LegAnswer:
    return LegAnswer(CALL, TURN, leg, accepted, OFFICIALS[leg], AT, office)


async def jobs(house: House, kind: JobKind) -> list[str]:
    query = select(outbox.c.key).where(outbox.c.kind == kind.value).order_by(outbox.c.key)
    return [row.key for row in await house.database.read(query)]


async def test_each_phone_is_a_call_of_its_own_with_its_work(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await ring(house)

        assert await jobs(house, JobKind.RING) == [f"ring:{mine(leg)}" for leg in range(3)]
        assert await house.rows(rings) == 3, "each person's ring counts"
        legs = await rounds(house).legs(CALL, TURN)
        assert [(leg.leg, leg.to, leg.line, leg.seconds) for leg in legs] == [
            (at, phone, DIALLED, 20) for at, phone in enumerate(PHONES)
        ]
        assert await rounds(house).leg(mine(1)) == legs[1]
        assert await rounds(house).leg("another") is None
        assert await rounds(house).round(CALL, TURN + 1) is None
        bytes_of = [row.number for row in await house.database.read(select(outgoing.c.number))]
        assert all(phone.encode() not in sealed for phone in PHONES for sealed in bytes_of)


async def test_phones_that_are_put_off_are_in_no_hand(tmp_path: Path) -> None:
    """Whoever takes work with its commit takes only what is due."""
    async with opened(tmp_path) as house:
        lane = lanes(StoredOutbox(house.database), frozenset({JobKind.RING}))[0]
        await ring(house)
        waits = AT + timedelta(seconds=18)
        assert not await lane.claim(waits, 10)

        await rounds(house).begin(CALL, TURN, waits)
        assert len(await lane.claim(waits, 10)) == len(PHONES)


async def test_phones_ring_once_the_caller_waits(tmp_path: Path) -> None:
    """Until then a case number is read out, and whoever accepted would find nobody (ADR 42)."""
    async with opened(tmp_path) as house:
        await ring(house)
        due = select(outbox.c.run_at).where(outbox.c.kind == JobKind.RING.value)
        put_off = AT + timedelta(seconds=TURN - 1) + TO_WAIT
        first, other = AT + timedelta(seconds=18), AT + timedelta(seconds=23)
        assert {row.run_at for row in await house.database.read(due)} == {put_off}

        await rounds(house).begin(CALL, TURN + 1, first)
        assert {row.run_at for row in await house.database.read(due)} == {put_off}, "another's"
        for told in (first, other):
            await rounds(house).begin(CALL, TURN, told)

        assert {row.run_at for row in await house.database.read(due)} == {first}
        stands = await rounds(house).round(CALL, TURN)
        assert stands is not None
        assert stands.since == first, "a phone rings for its seconds, whatever was said before"


async def test_of_two_who_accept_at_once_one_joins(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await ring(house)
        store = rounds(house)

        won = await asyncio.gather(*(store.accept(says(leg), OFFICIALS[leg]) for leg in range(3)))

        assert sorted(won) == [False, False, True]
        winner = won.index(True)
        assert await store.accept(says(winner), OFFICIALS[winner]), "a repeat is told the same"
        [row] = await house.database.read(select(joins.c.leg))
        [answer] = await house.database.read(select(leg_answers.c.leg, leg_answers.c.accepted))
        assert (row.leg, answer.leg, answer.accepted) == (winner, winner, True)
        [left] = await house.database.read(select(tokens.c.official))
        assert left.official == OFFICIALS[winner], "only who took the call keeps one used"
        assert await jobs(house, JobKind.RING_END) == [f"ring_end:{CALL}:{TURN}:taken"]
        stands = await store.round(CALL, TURN)
        assert stands is not None
        assert (stands.taken, stands.taken_at, stands.closed) == (winner, AT, False)


async def test_who_takes_the_call_has_accepted_its_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await ring(house)
        case = await opened_case(house)
        assert await rounds(house).accept(says(1, office=case.office), None)
        assert await house.scalar(select(cases.c.state)) == "in_progress"
        assert await house.rows(tokens) == 0, "nobody's token, since an office's phone took it"


async def opened_case(house: House) -> OpenCase:
    case = open_case("46270391", 1)
    await house.journal.append(later_step(CALL, TURN, case))
    return case


async def test_nobody_joins_a_caller_who_waits_no_longer(tmp_path: Path) -> None:
    """Whichever way that is told."""
    async with opened(tmp_path) as house:
        await ring(house)
        store = rounds(house)
        assert await store.close(CALL, TURN, AT)
        assert await store.close(CALL, TURN, AT)
        assert not await store.accept(says(0), OFFICIALS[0])
        stands = await store.round(CALL, TURN)
        assert stands is not None
        assert (stands.closed, stands.taken) == (True, None)
        assert await house.rows(leg_answers) == 0


async def test_who_has_joined_is_not_shut_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await ring(house)
        store = rounds(house)
        assert await store.accept(says(2), OFFICIALS[2])
        assert not await store.close(CALL, TURN, AT)
        await house.journal.append(later_step(CALL, TURN, EndRound(TURN, "QU1")))
        stands = await store.round(CALL, TURN)
        assert stands is not None
        assert stands.taken == 2


async def test_the_step_after_it_shuts_the_round_and_clears_its_room(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await ring(house)
        await house.journal.append(later_step(CALL, TURN, EndRound(TURN, "QU1")))
        assert not await rounds(house).accept(says(0), OFFICIALS[0])
        assert await jobs(house, JobKind.RING_END) == [f"ring_end:{CALL}:{TURN}:left"]
        payload = await house.scalar(
            select(outbox.c.payload).where(outbox.c.kind == JobKind.RING_END.value)
        )
        assert orjson.loads(payload) == {"call": CALL, "turn": TURN, "room": "QU1"}


async def test_a_caller_who_hung_up_is_joined_by_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await ring(house)
        gone = Ending(CallEnd.COMPLETED, 40, recording=False, ringing=TURN)
        assert await house.calls.ended(CALL, gone, AT)
        assert await jobs(house, JobKind.RING_END) == [f"ring_end:{CALL}:{TURN}:gone"]
        assert not await rounds(house).accept(says(0), OFFICIALS[0])
        stands = await rounds(house).round(CALL, TURN)
        assert stands is not None
        assert (stands.closed, stands.call_over) == (True, True)


async def test_it_stands_as_the_carrier_tells_of_its_legs(tmp_path: Path) -> None:
    """In any order, and however often; at the end number and person are forgotten."""
    async with opened(tmp_path) as house:
        await ring(house)
        store, calls = rounds(house), kept(house)
        for leg in range(3):
            await calls.taken(mine(leg), Origin("AC1", f"CA{leg}"), sure=True)
        await calls.moved(mine(0), Progress(CallStatus.IN_PROGRESS, 2), AT, None)
        await calls.moved(mine(0), Progress(CallStatus.RINGING, 1), AT, None)
        await calls.moved(mine(1), Progress(CallStatus.BUSY, 3), AT, 0)
        await calls.moved(mine(1), Progress(CallStatus.RINGING, 1), AT, None)
        await house.calls.answer_leg(says(2, accepted=False))
        await house.calls.answer_leg(says(2, accepted=False))

        stands = await store.round(CALL, TURN)

        assert stands is not None
        assert stands.legs == (
            LegState(0, answered=True),
            LegState(1, over=True),
            LegState(2, declined=True),
        )
        second = await store.leg(mine(1))
        assert second is not None
        assert (second.to, second.over, second.sid) == (None, True, "CA1")


async def test_the_same_step_again_orders_nothing_twice(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await ring(house)
        again = [RingLeg(TURN, leg, phone, DIALLED, 20) for leg, phone in enumerate(PHONES)]
        reply = await house.journal.append(later_step(CALL, TURN - 1, *again, reply=b"<other/>"))
        assert not reply.mine
        assert await house.rows(outgoing) == 3


async def test_a_call_that_lasts_is_asked_about_when_no_talk_lasts_longer(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await ring(house)
        await kept(house).asking(mine(0), AT, within=timedelta(hours=2))
        due = await house.scalar(
            select(outbox.c.run_at).where(outbox.c.kind == JobKind.CALL_END.value)
        )
        assert due == AT + timedelta(hours=2)
