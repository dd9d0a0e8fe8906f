"""Whatever becomes of a request, a text goes out once and a phone rings once: what may have been
taken is looked up before it is asked for again (design §6)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.carrier.calls import CallRows
from ivr.carrier.client import Messages
from ivr.carrier.errands import Texts
from ivr.carrier.outgoing import Addresses, Calling
from ivr.flow.announcing import Announcement
from ivr.flow.phrasebook import Phrasebook
from ivr.flow.world import Plan
from routing.handoff import Handoff
from routing.ports import Job, JobKind
from storage.effects import enqueue
from storage.errors import StorageError
from storage.outbox import Standing, StoredOutbox
from storage.outgoing import StoredOutgoing
from tests.deadline import DEADLINE
from tests.ivr.carrier.far_side import FarSide, Fault
from tests.storage.stepping import AT, SEALING, House, MovedClock, opened

CALLEE, LINE = "+8613900000012", "+865580000001"
STEP = timedelta(seconds=2)
SLOTS = {"case": "4627 0395", "pin": "1825"}
TEXT = {"phrase": "sms.pin", "to": CALLEE, "from": LINE, "language": "zh-CN", "slots": SLOTS}


@dataclass
class Server:
    """The outbox's drain, which may be killed, over a database that stays."""

    house: House
    far: FarSide
    clock: MovedClock
    plan: Plan
    reports: list[str] = field(default_factory=list)

    @property
    def outgoing(self) -> StoredOutgoing:
        return StoredOutgoing(self.house.database, SEALING)

    def handoff(self) -> Handoff:
        far = self.far
        assert far.session is not None
        calling = Calling(
            CallRows(far.account, far.session),
            self.outgoing,
            lambda: self.plan,
            Addresses("http://127.0.0.1:8080", ""),
            account="AC1",
            clock=self.clock,
        )

        async def phrases(_: int | None) -> Phrasebook:
            return self.plan.phrases

        texts = Texts(Messages(far.account, far.session), phrases, self.taken)
        return Handoff(
            StoredOutbox(self.house.database),
            {JobKind.SMS: texts, JobKind.CALL: calling},
            self.clock,
            lambda what, job, why: self.reports.append(f"{what} {job.kind}: {why}"),
            careful=frozenset({JobKind.SMS, JobKind.CALL}),
            ours=(StorageError,),
        )

    async def taken(self, job: Job, sid: str) -> None:
        """Nobody waits for the text."""

    async def round(self) -> None:
        """One drain; where the far side says so, it is killed in the middle."""
        handoff = self.handoff()
        loop = asyncio.get_running_loop()
        work, killed = loop.create_task(handoff.drain()), loop.create_task(self.far.hung.wait())
        async with asyncio.timeout(DEADLINE):
            await asyncio.wait({work, killed}, return_when=asyncio.FIRST_COMPLETED)
        if self.far.hung.is_set():
            self.far.hung.clear()
            await handoff.stop()
            await StoredOutbox(self.house.database).take_back(self.clock.now())
        killed.cancel()
        await asyncio.gather(work, killed, return_exceptions=True)

    async def run(self, rounds: int = 60) -> None:
        """Rounds two seconds apart, until long after the last wait."""
        for _ in range(rounds):
            await self.round()
            self.clock.at += STEP


async def order_text(server: Server) -> None:
    async with server.house.database.unit_of_work() as unit:
        await unit.execute(enqueue(JobKind.SMS, TEXT, "t1", server.clock.now(), None))


async def order_call(server: Server) -> None:
    said = Announcement(LINE, "zh-CN", "sms.pin", tuple(SLOTS.items()))
    await server.outgoing.order("call-of-a-test", CALLEE, said, server.clock.now())


@contextlib.asynccontextmanager
async def server_at(folder: Path, plan: Plan, faults: Sequence[Fault]) -> AsyncIterator[Server]:
    clock = MovedClock(AT + timedelta(hours=1))
    far = FarSide(clock)
    far.faults.extend(faults)
    async with opened(folder) as house, far.open():
        yield Server(house, far, clock, plan)


EVERY = [[fault] for fault in Fault] + [
    [Fault.DROP_AFTER, Fault.DROP_AFTER],
    [Fault.BUSY, Fault.KILL, Fault.FINE],
    [Fault.DROP, Fault.ERROR_AFTER],
    [Fault.ERROR, Fault.SLOW],
    [Fault.BUSY, Fault.BUSY, Fault.GARBLED],
]


@pytest.mark.parametrize("faults", EVERY, ids="-".join)
async def test_a_text_goes_out_once(tmp_path: Path, demo_plan: Plan, faults: list[Fault]) -> None:
    async with server_at(tmp_path, demo_plan, faults) as server:
        await order_text(server)
        await server.run(75)
        assert len(server.far.texts) == 1, server.reports
        left = await StoredOutbox(server.house.database).backlog(server.clock.now())
        assert {backlog.standing for backlog in left} <= {Standing.LATER, Standing.DEAD}


@pytest.mark.parametrize("faults", EVERY, ids="-".join)
async def test_a_phone_rings_once(tmp_path: Path, demo_plan: Plan, faults: list[Fault]) -> None:
    async with server_at(tmp_path, demo_plan, faults) as server:
        await order_call(server)
        await server.run(75)
        assert len(server.far.calls) == 1, server.reports
        found = await server.outgoing.find("call-of-a-test")
        assert found is not None
        assert found.sid == "X1"


@pytest.fixture
def plan(demo_plan: Plan) -> Callable[[], Plan]:
    """Behind a name: a plan's repr is a book."""
    return lambda: demo_plan


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(faults=st.lists(st.sampled_from(Fault), max_size=6))
def test_no_row_of_misfortunes_makes_two_of_one(
    plan: Callable[[], Plan], faults: list[Fault]
) -> None:
    async def both() -> None:
        with TemporaryDirectory() as folder:
            async with server_at(Path(folder), plan(), faults) as server:
                await order_text(server)
                await order_call(server)
                await server.run(240)
                assert (len(server.far.texts), len(server.far.calls)) == (1, 1), server.reports

    asyncio.run(both())
