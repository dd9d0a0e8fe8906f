"""A city whose database may be gone: the plan, its spool and its recovery over real stores, and a
carrier that lists what it recorded. A process may die at any of its writes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ivr.carrier.profiles import LOCAL
from ivr.carrier.twiml import TwimlDocuments
from ivr.conversation.matters import Matters
from ivr.conversation.messages import Messages
from ivr.conversation.outage import Caller, Outage
from ivr.conversation.recovery import Carrier, Recovery
from ivr.conversation.stores import Stores
from ivr.flow.event import Recorded, RecordingEnd
from ivr.flow.fallback import Line, Place, Step
from ivr.flow.progress import CallStatus
from ivr.flow.world import Plan
from ivr.ports.journal import Origin
from ivr.ports.listed import CarrierCall, CarrierRecording
from ivr.ports.recordings import RecordingRef
from storage.spool import FileSpool
from storage.tables.cases import cases, recordings
from storage.tables.outbox import outbox
from tests.ivr.desk import ACCOUNT, CALLER, LINE, SECONDS, Desk, Rung, opened

FIRST: Final = Place("zh-CN", Step.TOLD)


class Killed(BaseException):
    """The process ended here: nothing of it catches this."""


@dataclass
class Fuse:
    """Burns with each write; at its end the process dies, before the write or after it."""

    left: int
    after: bool = False
    burnt: bool = False

    async def burn(self, write: Any, *given: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            self.burnt = True
            raise Killed
        done = await write(*given, **named)
        if self.left == 0:
            self.burnt = True
            raise Killed
        return done


class Fused:
    """A store whose writes burn a fuse."""

    def __init__(self, inner: Any, fuse: Fuse, *writes: str) -> None:
        self._inner, self._fuse, self._writes = inner, fuse, writes

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._writes:
            return found

        async def burning(*given: Any, **named: Any) -> Any:
            return await self._fuse.burn(found, *given, **named)

        return burning


@dataclass
class Ruin:
    """One process after another on the same folder and database."""

    desk: Desk
    folder: Path
    listed: list[CarrierRecording] = field(default_factory=list)
    calls: dict[str, CarrierCall] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    drawn: int = 0

    def start(self, fuse: Fuse | None = None) -> None:
        """A new process; the one before it is gone, whatever it was doing."""
        fuse = fuse or Fuse(0)
        desk = self.desk
        self.spool = FileSpool(self.folder, desk.sealing, desk.clock.now)
        documents = TwimlDocuments(LOCAL, "http://127.0.0.1:8080")
        stores = self._stores(fuse)
        self.outage = Outage(desk.plans, self.spool, documents, desk.clock)
        draw = desk.sealing.draw
        self.recovery = Recovery(
            plans=desk.plans,
            stores=stores,
            spool=Fused(self.spool, fuse, "done", "know_until"),
            outage=self.outage,
            matters=Matters(desk.plans, stores, desk.clock, draw),
            messages=Messages(
                desk.plans, stores, documents, desk.clock, draw=draw, new_id=self._new_id
            ),
            carrier=Carrier(ACCOUNT, self, self, self.delete),
            clock=desk.clock,
        )

    def _stores(self, fuse: Fuse) -> Stores:
        stores = self.desk.conversation._stores
        calls: Any = Fused(stores.calls, fuse, "apply", "hold_recording")
        journal: Any = Fused(stores.journal, fuse, "append")
        return Stores(journal, calls, stores.answers, stores.pieces, stores.rounds)

    def _new_id(self) -> str:
        self.drawn += 1
        return f"recovered{self.drawn:08}"

    def restart(self, fuse: Fuse | None = None) -> None:
        self.spool.close()
        self.start(fuse)

    async def drain(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            await self.recovery.run()

    async def message(
        self,
        sid: str,
        line: Line | None = None,
        seconds: int = SECONDS,
        end: RecordingEnd = RecordingEnd.FINISHED,
        *,
        recording: str = "",
    ) -> bytes:
        """The plan's Record action."""
        caller = Caller(Origin(ACCOUNT, sid), line or Line(LINE, CALLER))
        event, ref = recorded(recording or f"RE{sid}", seconds, end)
        return await self.outage.following(caller, FIRST, event, ref)

    async def matter(
        self,
        call: Rung,
        turn: int,
        end: RecordingEnd = RecordingEnd.FINISHED,
        seconds: int = SECONDS,
    ) -> bytes:
        """A Record action that the database could not take."""
        known = self.desk.conversation.remembered(call.id)
        line = Line(LINE, CALLER) if known is None else Line(known.dialled, known.caller)
        caller = Caller(call.origin, line, None, (call.id, turn))
        event, ref = recorded(call.recording.sid, seconds, end)
        return await self.outage.answer(caller, event, ref)

    def carrier_has(self, sid: str, to: str = LINE, caller: str = CALLER, ago: float = 3600) -> str:
        """A recording that no webhook told of, of a call between these."""
        at = self.desk.clock.now() - timedelta(seconds=ago)
        ref = RecordingRef(f"RE{sid}", f"http://127.0.0.1/RE{sid}", SECONDS)
        self.listed.append(CarrierRecording(ref, sid, at))
        self.calls[sid] = CarrierCall(sid, CallStatus.COMPLETED, to, at, SECONDS, caller)
        return ref.sid

    # the carrier's side, as `Carrier` asks it

    async def since(self, at: datetime) -> Sequence[CarrierRecording]:
        return [each for each in reversed(self.listed) if each.at >= at]

    async def of_call(self, call: str) -> Sequence[RecordingRef]:
        return [each.ref for each in self.listed if each.call == call]

    async def delete(self, sid: str) -> None:
        self.deleted.append(sid)

    async def fetch(self, sid: str) -> CarrierCall | None:
        return self.calls.get(sid)

    async def end(self, sid: str) -> None:
        raise AssertionError("recovery ends no call")


def recorded(sid: str, seconds: int, end: RecordingEnd) -> tuple[Recorded, RecordingRef]:
    """A Record action as it is read."""
    return Recorded(sid, seconds, end), RecordingRef(sid, f"http://127.0.0.1/{sid}", seconds)


@asynccontextmanager
async def ruined(database: Path, folder: Path, plan: Plan) -> AsyncIterator[Ruin]:
    """Everything on a migrated database of the chosen kind."""
    async with opened(database, plan) as desk:
        ruin = Ruin(desk, folder)
        ruin.start()
        try:
            yield ruin
        finally:
            ruin.spool.close()
            await asyncio.sleep(0)


async def only(ruin: Ruin, table: Any, *where: Any) -> Any:
    """The one row there is."""
    (row,) = await ruin.desk.rows(table, *where)
    return row


async def jobs(ruin: Ruin) -> list[str]:
    """The kinds of all work that was ever enqueued."""
    return sorted(row.kind for row in await ruin.desk.rows(outbox))


async def one_case_of_two(ruin: Ruin) -> None:
    """Both recordings joined the one case; its office was told once."""
    case = await only(ruin, cases)
    found = await ruin.desk.rows(recordings)
    assert [row.reference for row in found] == [case.reference] * 2
    assert (await jobs(ruin)).count("tell_office") == 1
    assert (await jobs(ruin)).count("fetch_recording") == 2
