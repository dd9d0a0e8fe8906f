"""What this package needs from outside, as narrow Protocols. `storage` and `ivr.carrier`
implement them; `server.py` puts them together."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ivr.flow.announcing import Announcement
from ivr.flow.call import Call
from ivr.flow.effect import Effect, Lookup
from ivr.flow.event import Answer
from ivr.flow.fallback import Place
from ivr.flow.instruction import Instruction, Language
from ivr.flow.progress import CallStatus, Progress
from ivr.flow.value import value
from ivr.flow.world import Draws


@value
class Origin:
    """Which carrier call this is: the account's and the leg's id there (opaque, <= 64)."""

    account: str
    sid: str


@value
class Step:
    """One turn of one call, ready to be kept: what happened, the state after it, the reply.

    `call` is the state after the turn, so its `turn` is `turn + 1`; `event` is the event and
    looked-up answers as JSON bytes; `reply` is the rendered document; `effects` become rows in
    the same transaction; `origin` is set for turn 0 only; `attempt` says which draw of
    reference and PIN was used; `recording` is where the carrier keeps what was recorded in this
    turn."""

    call: Call
    turn: int
    at: datetime
    event: bytes
    reply: bytes
    effects: tuple[Effect, ...] = ()
    origin: Origin | None = None
    attempt: int = 0
    recording: "RecordingRef | None" = None


@value
class Reply:
    """The stored reply of a turn. `mine` is False where another request had won the turn.

    For turn 0 `call_id` is the winner's, so that a repeated `/voice/answer` finds its call."""

    call_id: str
    body: bytes
    mine: bool


class MatterTaken(Exception):
    """The matter of this turn has a case already: look it up and advance again."""


class ReferenceTaken(Exception):
    """The drawn case number belongs to another case: draw again and advance again."""


class RecordingTaken(Exception):
    """The recording is another call's; a recording never leaves the call that it is of."""


class Journal(Protocol):
    """The only batch writer of call steps (design §3, The journal)."""

    async def append(self, step: Step) -> Reply:
        """Keep the step; return once it is durable. Raises MatterTaken, ReferenceTaken,
        RecordingTaken."""
        ...


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
    recording when it ended."""

    end: CallEnd
    seconds: int | None
    recording: bool


@value
class RecordingRef:
    """A recording as the carrier announced it; `url` is where its media can be fetched."""

    sid: str
    url: str
    seconds: int


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """A call as the carrier lists it. `to` is the number as it was dialled, `caller` what it showed
    of the caller's; `seconds` its length, None until it is over; `started` aware UTC, None while
    it is queued."""

    sid: str
    status: CallStatus
    to: str
    started: datetime | None = None
    seconds: int | None = None
    caller: str = ""


class CarrierCalls(Protocol):
    """The carrier's rows of calls, as the ledger's sweep asks for them. Raises the carrier's
    errors: one that could not be asked says nothing of the call."""

    async def fetch(self, sid: str) -> CarrierCall | None:
        """One call; None where the carrier knows of none, which is not that it is over."""
        ...

    async def end(self, sid: str) -> None:
        """Have a call hung up; one that is over already stays as it ended."""
        ...


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """A finished recording as the carrier lists it, of the leg `call`, made at `at` (aware)."""

    ref: RecordingRef
    call: str
    at: datetime


class CarrierRecordings(Protocol):
    """The carrier's rows of recordings, likewise."""

    async def of_call(self, call: str) -> Sequence[RecordingRef]:
        """What it has recorded of a leg, the newest first."""
        ...

    async def since(self, at: datetime) -> Sequence[CarrierRecording]:
        """The finished recordings of callers' words that were made since `at` (aware)."""
        ...


@dataclass(frozen=True, slots=True)
class LegAnswer:
    """What the callee of target `leg`, rung by the Dial that answers `turn`, pressed. `official`
    is the published number whose holder that is, for the quota."""

    call_id: str
    turn: int
    leg: int
    accepted: bool
    official: str | None
    at: datetime


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
        Raises MatterTaken, ReferenceTaken, RecordingTaken."""
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


class Recordings(Protocol):
    """Where audio is kept: files in DATA_DIR on SQLite (design §3, Audio)."""

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        """Keep the WAV whole or not at all; returns its size in bytes."""
        ...

    async def read(self, sid: str) -> bytes | None:
        """The WAV, or None where it is not (or no longer) kept."""
        ...

    async def delete(self, sid: str) -> None: ...


class Documents(Protocol):
    """Renders instructions for the carrier (TwiML), with the URLs that the next turn needs."""

    def turn(
        self, say: tuple[Instruction, ...], call_id: str, following: int, *, recorded: bool = False
    ) -> bytes:
        """The reply of a turn; its actions go to turn `following`. `recorded`: until now the line
        was recording, and who wrote down what was said stops."""
        ...

    def leg(
        self, say: tuple[Instruction, ...], call_id: str, turn: int, leg: int, following: int
    ) -> bytes:
        """The whisper to target `leg` of the Dial that answers `turn`, next at `following`."""
        ...

    def fallback(
        self, say: tuple[Instruction, ...], then: Place | None, heard: int | None = None
    ) -> bytes:
        """A document of the plan when all fails; its actions go to `then`. `heard` is the call's
        turn that was recording until now."""
        ...


class Draw(Protocol):
    """Case number and PIN of a matter: the same for the same call, turn and attempt, so that
    every order of callbacks reads the same digits; secret to all without the server's key."""

    def __call__(self, call_id: str, turn: int, attempt: int) -> Draws: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call that we place. `said` and `to` are forgotten once it is over; `sid` is the carrier's
    id of it, None as long as that is not known; `asked` is when the carrier was last asked for it
    without a word of what became of that; `told` whether its callee wanted to hear it."""

    id: str
    line: str
    to: str | None
    said: Announcement | None
    sid: str | None
    asked: datetime | None
    told: bool
    over: bool


class OutgoingCalls(Protocol):
    """The calls that we place, from the errand that rings to the webhooks that tell of it."""

    async def find(self, call_id: str) -> Outgoing | None:
        """One call, None where there is none of this id."""
        ...

    async def asking(self, call_id: str, at: datetime) -> None:
        """A request goes out now: until its answer, the call is in doubt. Also enqueues the work
        that finds out how it ended, should the carrier never tell."""
        ...

    async def not_asked(self, call_id: str) -> None:
        """The request surely had no effect."""
        ...

    async def taken(self, call_id: str, origin: Origin, *, sure: bool) -> bool:
        """The carrier knows the call by this id: `sure` from its answer or a webhook, else guessed
        from its list, which a sure word may correct. False where that id is another call's, or
        this call has another."""
        ...

    async def heard(self, call_id: str, at: datetime) -> None:
        """Its callee wanted to hear what there is to say."""
        ...

    async def moved(
        self, call_id: str, progress: Progress, at: datetime, seconds: int | None
    ) -> None:
        """How far it has come; forward only. At its end number and words are forgotten."""
        ...


@dataclass(frozen=True, slots=True)
class Transcript:
    """Words of a recording. `source` names who heard them (`carrier`, an engine's name)."""

    text: str
    source: str
    language: Language | None = None


class Transcriber(Protocol):
    """Turns a kept recording into words; None where it has none to give."""

    name: str

    async def transcribe(self, sid: str, language: Language) -> Transcript | None: ...


@dataclass(frozen=True, slots=True)
class SentText:
    """A text message that the embedded carrier took, shown on the phone page."""

    sid: str
    to: str
    text: str
    at: datetime


class LocalLine(Protocol):
    """The embedded carrier as the phone page sees it; the phones themselves speak to its
    socket at `/phone/socket`."""

    def texts(self) -> Sequence[SentText]:
        """The latest text messages to anyone, newest first."""
        ...


class RecordingShelf(Recordings, Protocol):
    """The kept audio together with what the carrier said of it."""

    async def ref(self, sid: str) -> RecordingRef | None:
        """Where the carrier has it, or None if no webhook told."""
        ...

    async def kept(self, sid: str) -> Language | None:
        """Mark it as kept here; returns the language spoken in it, where known."""
        ...
