"""What a live call costs in memory: calls in the middle of a menu, held by the real conversation,
by Python's own account. `python -m benchmarks.memory`; exits 1 over 2 kB a call."""

import argparse
import asyncio
import gc
import sys
import tracemalloc
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from ivr.carrier.profiles import LOCAL
from ivr.carrier.twiml import TwimlDocuments
from ivr.conversation.door import Door
from ivr.conversation.pieces import Piece
from ivr.conversation.stores import Plans, Stores
from ivr.conversation.turns import Conversation
from ivr.flow.call import Call
from ivr.flow.effect import Effect, Lookup
from ivr.flow.event import Answer, Pressed, RecentCases
from ivr.flow.world import Draws, Policy
from ivr.library.plans import Inputs, compile_plan, shipped
from ivr.ports.calls import Ending, LegAnswer
from ivr.ports.journal import Origin, Reply, Step
from ivr.ports.recordings import RecordingRef
from routing.city import AREA, calendar, demo_sheets

GOAL: Final = 2048
KEYS: Final = ("2", "1")
"""The caller has stated the kind and is being recorded: more is known than at the menu."""
NOW: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


class Standing:
    """A clock, journal and stores that keep nothing: only the conversation's memory is measured."""

    def now(self) -> datetime:
        return NOW

    async def append(self, step: Step) -> Reply:
        return Reply(step.call.id, step.reply, mine=True)

    async def answer(self, call: Call, turn: int, lookup: Lookup, now: datetime) -> Answer:
        return RecentCases(0, None)

    async def load(self, call_id: str) -> tuple[Call, Origin] | None:
        return None

    async def of(self, origin: Origin) -> str | None:
        return None

    async def origin(self, call_id: str) -> Origin | None:
        return None

    async def state_at(self, call_id: str, turn: int) -> Call | None:
        return None

    async def reply(self, call_id: str, turn: int) -> bytes | None:
        return None

    async def ended(self, call_id: str, ending: Ending, at: datetime) -> bool:
        return False

    async def answer_leg(self, at: LegAnswer) -> None:
        return None

    async def leg_answer(self, call_id: str, turn: int) -> bool | None:
        return None

    async def hold_recording(
        self, call_id: str, turn: int, ref: RecordingRef, at: datetime
    ) -> bool:
        return True

    async def join_soundless(
        self, call_id: str, turn: int | None, ref: RecordingRef, at: datetime
    ) -> bool:
        return False

    async def recorded_by(self, sid: str) -> str | None:
        return None

    async def held_recording(self, call_id: str, turn: int) -> RecordingRef | None:
        return None

    async def case_of(self, sid: str) -> str | None:
        return None

    async def apply(
        self,
        call: Call,
        effects: tuple[Effect, ...],
        at: datetime,
        attempt: int,
        recording: RecordingRef | None = None,
    ) -> None:
        return None

    async def keep(self, call_id: str, turn: int, piece: Piece, at: datetime) -> None:
        return None

    async def words(self, sid: str) -> str | None:
        return None

    async def hold_transcript(self, recording: str, text: str, source: str, at: datetime) -> None:
        return None


async def fill(conversation: Conversation, ids: list[str], calls: int) -> None:
    """So many calls, each answered and led to its recording."""
    for number in range(calls):
        account, sid = f"AC{'b' * 32}{number}"[:34], f"CA{number:032x}"
        origin = Origin(account, sid)
        await conversation.answer(origin, f"+86139{number:08d}", "+865580000021")
        for turn, key in enumerate(KEYS, start=1):
            await conversation.turn(ids[-1], turn, origin.__eq__, Pressed(key), None)


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    asked = parser.parse_args()
    inputs = Inputs(demo_sheets(), shipped(), calendar(), AREA, "Asia/Shanghai", Policy())
    nothing, ids = Standing(), list[str]()
    nobody: Any = None  # no phones ring together here

    def new_id() -> str:
        ids.append(f"{len(ids):027d}")
        return ids[-1]

    conversation = Conversation(
        plans=Plans(compile_plan(inputs, 1, NOW.date())),
        stores=Stores(nothing, nothing, nothing, nothing, nobody),
        documents=TwimlDocuments(LOCAL, "http://127.0.0.1:8080"),
        clock=nothing,
        draw=lambda *_: Draws("", ""),
        new_id=new_id,
        door=Door(nothing, lambda caller: sha256(caller.encode()).hexdigest()),
    )
    asyncio.run(fill(conversation, ids, 100))
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    asyncio.run(fill(conversation, ids, asked.calls))
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    each = (after - before) / asked.calls
    print(f"{conversation.live_calls} live calls, {each:.0f} bytes each; goal {GOAL}")
    return 0 if each <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
