"""The desk with a carrier whose lists the test writes, and the sweep that compares both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import update

from ivr.carrier.account import CarrierError
from ivr.carrier.sweep import Bounds, Doors, Sweep
from ivr.flow.progress import CallStatus
from ivr.ports.listed import CarrierCall, CarrierRecording
from ivr.ports.recordings import RecordingRef
from routing.handoff import Handler, Handoff, Refused
from routing.ledger import EXPECTED, LOOK, Gap, GapKind, Why
from routing.ports import Audio, Job, JobKind
from storage.leases import StoredLeases
from storage.ledger import StoredLedger
from storage.tables.calls import call_ends
from storage.tables.cases import recordings
from tests.ivr.desk import ACCOUNT, LINE, Desk, Rung

LONGEST = timedelta(hours=2, minutes=30)
WITHIN = EXPECTED[GapKind.END].within
MINUTE = timedelta(minutes=1)


@dataclass
class Lists:
    """A carrier's lists; `trouble` is raised by whatever is asked."""

    calls: dict[str, CarrierCall] = field(default_factory=dict)
    made: list[CarrierRecording] = field(default_factory=list)
    trouble: CarrierError | None = None
    asked: list[str] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)
    wait: Callable[[], None] = field(default=lambda: None)
    """How the time goes by while it thinks."""

    def answer(self, question: str) -> None:
        self.asked.append(question)
        self.wait()
        if self.trouble is not None:
            raise self.trouble

    async def fetch(self, sid: str) -> CarrierCall | None:
        self.answer(f"fetch {sid}")
        return self.calls.get(sid)

    async def end(self, sid: str) -> None:
        self.answer(f"end {sid}")
        self.hung_up.append(sid)

    async def of_call(self, call: str) -> Sequence[RecordingRef]:
        self.answer(f"recordings of {call}")
        return [row.ref for row in reversed(self.made) if row.call == call]

    async def since(self, at: datetime) -> Sequence[CarrierRecording]:
        self.answer("recordings")
        return [row for row in reversed(self.made) if row.at >= at]

    def is_(self, sid: str, status: CallStatus, started: datetime, to: str = LINE) -> None:
        self.calls[sid] = CarrierCall(sid, status, to, started, 42 if status.over else None)

    def recorded(self, call: str, at: datetime, sid: str = "") -> RecordingRef:
        ref = replace(Rung(call, "").recording, sid=sid or f"RE{call}")
        self.made.append(CarrierRecording(ref, call, at))
        return ref


@dataclass
class Floor:
    """The desk, the carrier's lists, and the sweep that compares them."""

    desk: Desk
    lists: Lists
    ledger: StoredLedger
    sweep: Sweep
    ticked: float = 0.0

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    def pass_(self, time: timedelta) -> None:
        """On every clock."""
        self.desk.clock.pass_(time.total_seconds())
        self.ticked += time.total_seconds()

    async def swept(self) -> list[tuple[GapKind, str, Why]]:
        """One sweep; what is missing after it."""
        await self.sweep.run()
        return [(gap.kind, gap.subject, gap.why) for gap in await self.ledger.gaps()]

    async def gap(self) -> Gap:
        (gap,) = await self.ledger.gaps()
        return gap

    async def ends(self) -> list[str]:
        return [row.end for row in await self.desk.rows(call_ends)]


def floor_of(desk: Desk, lists: Lists, holder: str = "one") -> Floor:
    ledger = StoredLedger(desk.database)
    doors = Doors(lists, lists, desk.calls, ledger, StoredLeases(desk.database), desk.conversation)
    bounds = Bounds(ACCOUNT, LONGEST, lambda number: number == LINE)
    floor = Floor(desk, lists, ledger, Sweep(doors, bounds, desk.clock, lambda: 0.0, holder))
    floor.sweep.ticks = lambda: floor.ticked
    return floor


async def stated(floor: Floor, sid: str = "CA1") -> Rung:
    """A matter whose call is over."""
    call = await floor.desk.record(sid)
    await floor.desk.action(call)
    await floor.desk.end(call)
    return call


async def work(floor: Floor, *, fails: bool) -> None:
    """The drain, whose every errand goes through or is refused."""

    async def errand(job: Job) -> None:
        if fails or LOOK in job.payload:
            raise Refused("the far side says no")
        if job.kind == JobKind.FETCH_RECORDING:
            async with floor.desk.database.unit_of_work() as unit:
                await unit.execute(update(recordings).values(audio=Audio.KEPT.value))

    handlers: dict[str, Handler] = dict.fromkeys(JobKind, errand)
    drain = Handoff(floor.desk.outbox, handlers, floor.desk.clock, lambda *_: None)
    while await drain.drain():
        pass
