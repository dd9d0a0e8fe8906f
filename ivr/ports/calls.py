"""What is kept of calls outside the batch, and how the core's lookups are answered. Implemented by
`storage.calls` and `storage.answers`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ivr.flow.call import Call
from ivr.flow.effect import Effect, Lookup
from ivr.flow.event import Answer
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef


def first_id(at: datetime) -> str:
    """What the id of a call that begins at this instant begins with (milliseconds, in eleven
    hexadecimal digits): ids of one time lie together on the disk, and sort by it."""
    return f"{int(at.timestamp() * 1000):011x}"


class CallEnd(StrEnum):
    """The carrier's final status of a call."""

    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended; `seconds` is its length where told, `recording` whether the line was
    recording when it ended; `ringing` the turn that it waited for while several phones rang."""

    end: CallEnd
    seconds: int | None
    recording: bool
    ringing: int | None = None


@dataclass(frozen=True, slots=True)
class LegAnswer:
    """What the callee of target `leg`, rung by the Dial that answers `turn`, pressed. `official`
    is the published number whose holder that is, for the quota; `office` the id of theirs, which
    accepts the call's case with the call."""

    call_id: str
    turn: int
    leg: int
    accepted: bool
    official: str | None
    at: datetime
    office: str | None = None


class Calls(Protocol):
    """What is kept of calls, read and written outside the batch."""

    async def load(self, call_id: str) -> tuple[Call, Origin] | None:
        """The latest state of a call, or None if there is no such call."""
        ...

    async def of(self, origin: Origin) -> str | None:
        """The id of the call that the carrier knows by this account and leg."""
        ...

    async def origin(self, call_id: str) -> Origin | None:
        """Which call this is at the carrier, also once its details are forgotten."""
        ...

    async def state_at(self, call_id: str, turn: int) -> Call | None:
        """The state that was waiting for `turn` (the one after `turn - 1`)."""
        ...

    async def reply(self, call_id: str, turn: int) -> bytes | None:
        """The stored reply of a turn, byte for byte."""
        ...

    async def ended(self, call_id: str, ending: Ending, at: datetime) -> bool:
        """Keep the end of a call; forward only. True the first time. Where the call was
        recording, also enqueues the outbox row that settles webhooks which never come."""
        ...

    async def answer_leg(self, at: LegAnswer) -> None:
        """The callee of a leg accepted or said no. Repeats change nothing."""
        ...

    async def leg_answer(self, call_id: str, turn: int) -> bool | None:
        """True: accepted; False: declined; None: neither (for the Dial that answers `turn`)."""
        ...

    async def hold_recording(
        self, call_id: str, turn: int, ref: RecordingRef, at: datetime
    ) -> bool:
        """Keep what the carrier said of a recording (from the action or the callback). False,
        and nothing is kept, where the recording is another call's."""
        ...

    async def apply(
        self,
        call: Call,
        effects: tuple[Effect, ...],
        at: datetime,
        attempt: int,
        recording: RecordingRef | None = None,
    ) -> None:
        """Write effects that belong to no turn (a callback that opens a case); `recording` is
        where the carrier keeps what they are about, where that is not held already.
        Raises MatterTaken, ReferenceTaken, RecordingTaken, and HasCase where a recording would
        leave its case for another."""
        ...

    async def held_recording(self, call_id: str, turn: int) -> RecordingRef | None:
        """The recording that a callback told of for this turn, if any."""
        ...

    async def join_soundless(
        self, call_id: str, turn: int | None, ref: RecordingRef, at: datetime
    ) -> bool:
        """Give a recording that is not known yet to the case of this turn (None: the call's latest
        one) that has none. False, and nothing is changed, where there is no such case."""
        ...

    async def recorded_by(self, sid: str) -> str | None:
        """The call that a recording is of; None where no webhook has told of it yet."""
        ...

    async def case_of(self, sid: str) -> str | None:
        """The case that a recording has joined; None where it has none yet."""
        ...

    async def hold_transcript(self, recording: str, text: str, source: str, at: datetime) -> None:
        """Keep the carrier's words for a recording, beside it, marked with their source."""
        ...


class Answers(Protocol):
    """Answers the core's lookups from what is stored."""

    async def answer(self, call: Call, turn: int, lookup: Lookup, now: datetime) -> Answer:
        """One lookup; idempotent for the same call and turn (a try is taken once)."""
        ...
