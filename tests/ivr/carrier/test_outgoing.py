"""Ringing for the outbox: who is not rung, when nobody is, and a call whose end nobody told of."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.carrier.account import Account
from ivr.carrier.calls import CallRows, Placing
from ivr.carrier.outgoing import IN_DOUBT, Addresses, Calling, Ending
from ivr.flow.announcing import Announcement
from ivr.flow.world import Plan
from ivr.ports.journal import Origin
from routing.handoff import NotYet, Refused, TryAgain
from routing.ports import Job, JobKind
from storage.outgoing import KNOWN, StoredOutgoing
from tests.ivr.carrier.local.house import ACCOUNT, CALLER, TOKEN, House, hear
from tests.storage.stepping import AT, SEALING, MovedClock, opened

LINE, SILENT_LINE, ID = "+865580000001", "+865580000021", "0123456789abcdef"
CALL, END = (Job(1, kind, {"call": ID}, 1) for kind in (JobKind.CALL, JobKind.CALL_END))


@dataclass
class Desk:
    """The errands over a real store and the embedded carrier."""

    house: House
    kept: StoredOutgoing
    clock: MovedClock
    plan: Plan

    @property
    def rows(self) -> CallRows:
        return CallRows(Account(ACCOUNT, TOKEN, f"{self.house.base}/line"), self.house.session)

    @property
    def calling(self) -> Calling:
        addresses = Addresses(self.house.base, "#rc=2")
        return Calling(
            self.rows, self.kept, lambda: self.plan, addresses, account=ACCOUNT, clock=self.clock
        )

    @property
    def ending(self) -> Ending:
        return Ending(self.rows, self.kept, self.clock)

    async def order(self, line: str = LINE) -> None:
        said = Announcement(line, "en", "end.bye")
        await self.kept.order(ID, CALLER, said, self.clock.now())

    def rung(self) -> int:
        return len(self.house.line.exchange.switch.legs)


@pytest.fixture
async def desk(tmp_path: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    async with House(tmp_path / "line") as house, opened(tmp_path) as base:
        yield Desk(house, StoredOutgoing(base.database, SEALING), MovedClock(), demo_plan)


async def test_a_line_that_never_calls_rings_nobody(desk: Desk) -> None:
    await desk.order(SILENT_LINE)
    with pytest.raises(Refused, match="never calls out"):
        await desk.calling(CALL)
    assert desk.rung() == 0


async def test_nobody_is_rung_at_night(desk: Desk) -> None:
    await desk.order()
    desk.clock.at = AT.replace(hour=14)  # ten in the evening
    with pytest.raises(NotYet) as waits:
        await desk.calling(CALL)
    assert waits.value.after == timedelta(hours=10)
    desk.clock.at += waits.value.after
    await desk.calling(CALL)
    assert desk.rung() == 1
    await desk.calling(CALL)
    assert desk.rung() == 1, "it has been placed"


async def test_a_phone_that_we_ring_has_our_fallback(desk: Desk) -> None:
    await desk.order()
    await desk.calling(CALL)
    (leg,) = desk.house.line.exchange.switch.legs.values()
    assert leg.state.fallback == f"{desk.house.base}/voice/fallback#rc=2"


async def test_a_call_in_doubt_is_not_looked_for_too_early(desk: Desk) -> None:
    """However the job comes back: a list that does not name it yet would have it rung again."""
    await desk.order()
    await desk.kept.asking(ID, AT)
    desk.clock.at += timedelta(seconds=1)
    with pytest.raises(TryAgain) as waits:
        await desk.calling(CALL)
    assert waits.value.after == IN_DOUBT - timedelta(seconds=1)
    assert desk.rung() == 0


async def test_who_is_forgotten_is_not_rung(desk: Desk) -> None:
    await desk.order()
    await desk.kept.forget(AT + KNOWN)
    with pytest.raises(Refused, match="forgotten"):
        await desk.calling(CALL)


async def test_a_call_that_nobody_ordered_is_nothing(desk: Desk) -> None:
    await desk.calling(CALL)
    await desk.ending(END)


async def test_a_call_that_was_never_asked_for_has_no_end(desk: Desk) -> None:
    await desk.order()
    await desk.ending(END)
    await desk.kept.asking(ID, AT)
    with pytest.raises(TryAgain, match="nobody knows yet"):
        await desk.ending(END)


async def test_an_end_that_nobody_told_of_is_found_out(desk: Desk) -> None:
    await desk.order()
    desk.house.replies["/voice/out"] = "<Response><Gather timeout='60'/></Response>"
    async with desk.house.phone() as phone:
        await hear(phone, "attached")
        url = f"{desk.house.base}/voice"
        sid = await desk.rows.place(
            Placing(CALLER, LINE, f"{url}/out", f"{url}/progress", f"{url}/fallback", ID)
        )
        await desk.kept.taken(ID, Origin(ACCOUNT, sid), sure=True)
        await hear(phone, "ringing")
        await phone.send("answer")
        await hear(phone, "waiting")
        with pytest.raises(TryAgain, match="hung up"):  # it had gone on for too long
            await desk.ending(END)
        await hear(phone, "hungup")
        await desk.house.hook("/voice/progress", nth=4)
    await desk.ending(END)
    found = await desk.kept.find(ID)
    assert found is not None
    assert (found.over, found.to) == (True, None)


async def test_a_call_that_the_carrier_does_not_know_is_over(desk: Desk) -> None:
    await desk.order()
    await desk.kept.taken(ID, Origin(ACCOUNT, "CA" + "0" * 32), sure=True)
    await desk.ending(END)
    found = await desk.kept.find(ID)
    assert found is not None
    assert found.over
