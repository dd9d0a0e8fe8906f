"""The conversation over real stores on SQLite, without HTTP: webhooks as they are once parsed."""

import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from ivr.carrier.profiles import LOCAL
from ivr.carrier.twiml import TwimlDocuments
from ivr.conversation.door import UNBOUNDED, Caps, Door
from ivr.conversation.stores import Plans, Stores
from ivr.conversation.turns import Conversation, Ours
from ivr.flow.event import LineEvent, Pressed, Recorded, RecordingEnd
from ivr.flow.world import Plan
from ivr.ports.calls import CallEnd
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef
from routing.numbers.forms import spoken_groups
from storage.answers import StoredAnswers
from storage.calls import StoredCalls
from storage.effects import Effects
from storage.engine import Database
from storage.journal import StoredJournal
from storage.outbox import StoredOutbox
from storage.pieces import StoredPieces
from storage.rounds import StoredRounds
from storage.sealing import Sealing
from storage.tables.cases import cases
from tests.databases import database_at

ACCOUNT: Final = "AC" + "0" * 32
CALLER: Final = "+8613900007788"
LINE: Final = "+865580000021"
KEY: Final = b"a test's own key, never a server's"
ZONE: Final = ZoneInfo("Asia/Shanghai")
RECORDING_TURN: Final = 3
SECONDS: Final = 20
DATABASE: Final = "desk.db"


class StoppedClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Rung:
    """A call as the carrier and we know it."""

    sid: str
    id: str

    @property
    def origin(self) -> Origin:
        return Origin(ACCOUNT, self.sid)

    @property
    def recording(self) -> RecordingRef:
        return RecordingRef(f"RE{self.sid}", f"http://127.0.0.1/{self.sid}", SECONDS)


@dataclass
class Desk:
    """Takes the carrier's part: every method is one webhook."""

    conversation: Conversation
    plans: Plans
    database: Database
    outbox: StoredOutbox
    sealing: Sealing
    clock: StoppedClock
    calls: StoredCalls
    effects: Effects
    door: Door
    recorded: bool = True

    async def listed(self, sid: str) -> list[RecordingRef]:
        """What the carrier says that it has recorded of a leg."""
        return [Rung(sid, "").recording] if self.recorded else []

    async def answer(self, sid: str, caller: str | None = CALLER, dialled: str = LINE) -> bytes:
        return await self.conversation.answer(Origin(ACCOUNT, sid), caller, dialled)

    async def ring(self, sid: str = "CA1", caller: str | None = CALLER) -> Rung:
        return Rung(sid, call_of(await self.answer(sid, caller)))

    async def turn(
        self, call: Rung, turn: int, event: LineEvent, ref: RecordingRef | None = None
    ) -> bytes:
        return await self.conversation.turn(call.id, turn, self.ours(call), event, ref)

    def ours(self, call: Rung) -> Ours:
        return call.origin.__eq__

    async def record(self, sid: str = "CA1", caller: str | None = CALLER) -> Rung:
        """A call that is being recorded: its matter's turn is RECORDING_TURN."""
        call = await self.ring(sid, caller)
        await self.turn(call, 1, Pressed("2"))
        assert b"<Record" in await self.turn(call, 2, Pressed("1"))
        return call

    async def action(self, call: Rung, end: RecordingEnd = RecordingEnd.FINISHED) -> bytes:
        ref = call.recording
        event = Recorded(ref.sid, ref.seconds, end)
        return await self.turn(call, RECORDING_TURN, event, ref)

    async def callback(self, call: Rung, seconds: int = SECONDS) -> None:
        ref = RecordingRef(call.recording.sid, call.recording.url, seconds)
        await self.conversation.recording(call.id, RECORDING_TURN, self.ours(call), ref)

    async def end(self, call: Rung) -> None:
        await self.conversation.ended(call.origin, CallEnd.COMPLETED, 42)

    async def settle(self) -> int:
        """Let the outbox settle what is due; how many calls that were."""
        jobs = await self.outbox.claim(self.clock.now(), 100)
        settled = [job for job in jobs if job.kind == "settle"]
        for job in settled:
            await self.conversation.settle(str(job.payload["call"]), self.listed)
            await self.outbox.done(job, self.clock.now())
        return len(settled)

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.database.reading() as connection:
            return list((await connection.execute(select(table).where(*where))).all())

    async def count(self, table: Any) -> int:
        async with self.database.reading() as connection:
            query = select(func.count()).select_from(table)
            return int((await connection.execute(query)).scalar_one())

    async def case(self, call: Rung) -> Any:
        """The one case of a call."""
        (row,) = await self.rows(cases, cases.c.call_id == call.id)
        return row

    def reads(self, reply: bytes, case: Any) -> bool:
        """Whether the caller hears this case's number, with the PIN that opens it."""
        pin = self.sealing.draw(case.call_id, case.turn, case.attempt).pin
        assert self.sealing.pin(case.reference, pin) == case.pin_digest
        text = reply.decode()
        groups = ((case.reference, (4, 4)), (pin, (4,)))
        return all(spoken_groups(digits, sizes, "zh-CN") in text for digits, sizes in groups)


def call_of(document: bytes) -> str:
    """Our id of the call that a document goes on with."""
    found = re.search(rb"/voice/([\w-]+)/turn/", document)
    assert found is not None, document
    return found[1].decode()


@contextlib.asynccontextmanager
async def opened(
    database_file: Path, plan: Plan, sealing: Sealing | None = None, caps: Caps = UNBOUNDED
) -> AsyncIterator[Desk]:
    """A conversation on a migrated database; opened again, it knows only what was kept."""
    database = await database_at(database_file)
    sealing = sealing or Sealing(KEY)
    effects = Effects(sealing, ZONE)
    journal = StoredJournal(database, effects)
    await journal.start()
    calls, answers = StoredCalls(database, effects), StoredAnswers(database, sealing, effects, ZONE)
    clock, number = StoppedClock(), itertools.count()
    plans = Plans(plan)
    door = Door(clock, effects.caller_digest, caps)
    conversation = Conversation(
        plans=plans,
        stores=Stores(
            journal, calls, answers, StoredPieces(database), StoredRounds(database, sealing)
        ),
        documents=TwimlDocuments(LOCAL, "http://127.0.0.1:8080"),
        clock=clock,
        draw=sealing.draw,
        new_id=lambda: f"call{id(database):x}-{next(number):06}",
        door=door,
    )
    try:
        yield Desk(
            conversation,
            plans,
            database,
            StoredOutbox(database),
            sealing,
            clock,
            calls,
            effects,
            door,
        )
    finally:
        await journal.stop()
        await database.close()
