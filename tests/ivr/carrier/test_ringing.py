"""Ringing together for the outbox, over a real store and the embedded carrier: what one phone, or a
kill, must never do to the others, and what stops."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.carrier.account import Account
from ivr.carrier.calls import CallRows, Placing
from ivr.carrier.outgoing import IN_DOUBT
from ivr.carrier.ringing import LegAddresses, Legs, Ringing, Stopping
from ivr.flow.effect import EndRound, RingLeg
from ivr.ports.calls import LegAnswer
from ivr.ports.journal import Origin
from ivr.ports.rounds import RungLeg
from routing.handoff import TryAgain
from routing.ports import Job, JobKind
from storage.outgoing import StoredOutgoing
from storage.ringing import leg_id
from storage.rounds import StoredRounds
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import ACCOUNT, CALLER, LINE, OFFICIAL, TOKEN, House, hear
from tests.storage.stepping import AT, SEALING, MovedClock, first_step, later_step, opened
from tests.storage.stepping import House as Base

CALL, TURN = "0123456789abcdef", 2
STOP = Job(9, JobKind.RING_END, {"call": CALL, "turn": TURN, "room": None}, 1)
WHOM = (OFFICIAL, "+1", CALLER)
"""The second can be rung by nobody."""


@dataclass
class Desk:
    """The errands."""

    house: House
    base: Base
    clock: MovedClock

    @property
    def rounds(self) -> StoredRounds:
        return StoredRounds(self.base.database, SEALING)

    @property
    def kept(self) -> StoredOutgoing:
        return StoredOutgoing(self.base.database, SEALING)

    @property
    def rows(self) -> CallRows:
        return CallRows(Account(ACCOUNT, TOKEN, f"{self.house.base}/line"), self.house.session)

    @property
    def legs(self) -> Legs:
        addresses = LegAddresses(self.house.base, "#rc=2")
        rows, rounds = self.rows, self.rounds
        return Legs(rows, rounds, self.kept, addresses, ACCOUNT, self.clock, 7200)

    async def order(self) -> None:
        await self.base.journal.append(first_step(CALL))
        rings = [RingLeg(TURN, at, number, LINE, 20) for at, number in enumerate(WHOM)]
        await self.base.journal.append(later_step(CALL, TURN - 1, *rings))
        await self.rounds.begin(CALL, TURN, AT)

    async def ring(self, leg: int) -> None:
        job = Job(leg + 1, JobKind.RING, {"leg": leg_id(CALL, TURN, leg)}, 1)
        await Ringing(self.legs)(job)

    async def leg(self, leg: int) -> RungLeg:
        found = await self.rounds.leg(leg_id(CALL, TURN, leg))
        assert found is not None
        return found

    def rung(self) -> list[str]:
        """Whom the carrier was asked to ring, and has not let go."""
        return [leg.state.to for leg in self.house.line.exchange.switch.legs.values()]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with House(tmp_path / "line") as house, opened(tmp_path) as base:
        house.clock.at = AT
        made = Desk(house, base, MovedClock())
        await made.order()
        yield made


async def test_one_bad_number_ends_its_own_leg_alone(desk: Desk) -> None:
    for leg in range(3):
        await desk.ring(leg)
    assert desk.rung() == [OFFICIAL, CALLER]
    assert [(await desk.leg(leg)).over for leg in range(3)] == [False, True, False]
    state = next(iter(desk.house.line.exchange.switch.legs.values())).state
    assert (state.from_, state.ring_seconds) == (LINE, 20)
    assert state.fallback == f"{desk.house.base}/voice/fallback#rc=2"
    await desk.ring(0)
    assert desk.rung() == [OFFICIAL, CALLER], "it has been placed"


async def test_after_a_kill_nobody_is_rung_before_the_carriers_list_has_told(desk: Desk) -> None:
    """The phone rang, and nobody heard the answer: it is found, and not rung again."""
    leg = await desk.leg(0)
    url = f"{desk.house.base}/voice"
    lost = Placing(OFFICIAL, LINE, f"{url}/out", f"{url}/told", f"{url}/fallback", leg.id)
    await desk.kept.asking(leg.id, AT)
    sid = await desk.rows.place(lost)
    with pytest.raises(TryAgain) as waits:
        await desk.ring(0)
    assert waits.value.after == IN_DOUBT
    with pytest.raises(TryAgain, match="nobody knows yet"):
        await Stopping(desk.legs)(STOP)  # nor is it taken for silent
    desk.clock.at = AT + IN_DOUBT
    await desk.ring(0)
    assert desk.rung() == [OFFICIAL]
    assert (await desk.leg(0)).sid == sid
    await Stopping(desk.legs)(STOP)
    assert [(await desk.leg(leg)).over for leg in (1, 2)] == [True, True], "and were never rung"


async def test_a_request_that_surely_was_not_heard_rings_nobody_too_late(desk: Desk) -> None:
    await desk.kept.asking((await desk.leg(0)).id, AT)
    desk.clock.at = AT + IN_DOUBT
    await desk.ring(0)
    assert desk.rung() == []
    assert (await desk.leg(0)).over
    desk.clock.at = AT + timedelta(seconds=19)
    await desk.ring(2)
    assert desk.rung() == [CALLER]


async def test_nobody_is_rung_for_a_call_that_somebody_took_or_that_has_gone_on(
    desk: Desk,
) -> None:
    yes = LegAnswer(CALL, TURN, 0, True, None, AT)
    assert await desk.rounds.accept(yes, None)
    await desk.ring(2)
    assert desk.rung() == []
    await desk.base.journal.append(later_step(CALL, TURN, EndRound(TURN)))
    await desk.ring(0)
    assert desk.rung() == []


async def test_whoever_has_joined_is_not_stopped(desk: Desk) -> None:
    async with desk.house.phone(OFFICIAL) as official, desk.house.phone(CALLER) as other:
        for phone in (official, other):
            await hear(phone, "attached")
        desk.house.replies[f"/voice/{leg_id(CALL, TURN, 0)}/ring/0"] = (
            "<Response><Gather timeout='60'/></Response>"
        )
        await desk.ring(0)
        await desk.ring(2)
        await hear(official, "ringing")
        await official.send("answer")
        await hear(official, "waiting")
        await hear(other, "ringing")
        assert await desk.rounds.accept(LegAnswer(CALL, TURN, 0, True, None, AT), None)
        await Stopping(desk.legs)(STOP)
        assert (await hear(other, "hungup"))["reason"] == "canceled"
        async with asyncio.timeout(DEADLINE):
            while desk.rung() != [OFFICIAL]:  # the leg is let go just after its phone has heard
                await asyncio.sleep(0.01)
        await official.send("hangup")


class Noting(CallRows):
    """Notes whom it has hear something else."""

    turned: list[str]

    async def cancel(self, sid: str) -> bool:
        return False  # it was taken up

    async def turn(self, sid: str, url: str) -> None:
        self.turned.append(sid)


async def test_who_pressed_too_late_and_was_told_so_is_not_told_again(desk: Desk) -> None:
    rows = Noting(Account(ACCOUNT, TOKEN, f"{desk.house.base}/line"), desk.house.session)
    rows.turned = []
    stopping = Stopping(replace(desk.legs, rows=rows))
    for leg in (0, 1, 2):
        assert await desk.kept.taken(
            leg_id(CALL, TURN, leg), Origin(ACCOUNT, f"CA{leg}"), sure=True
        )
    assert await desk.rounds.accept(LegAnswer(CALL, TURN, 0, True, None, AT), None)
    await desk.rounds.dismiss(leg_id(CALL, TURN, 1), AT)
    assert [(await desk.leg(leg)).dismissed for leg in range(3)] == [False, True, False]
    await stopping(STOP)
    assert rows.turned == ["CA2"]


async def test_a_carriers_id_that_is_known_is_not_given_away(desk: Desk) -> None:
    first, second = await desk.leg(0), await desk.leg(2)
    assert await desk.kept.taken(first.id, Origin(ACCOUNT, "CA1"), sure=True)
    assert not await desk.kept.taken(second.id, Origin(ACCOUNT, "CA1"), sure=True)
