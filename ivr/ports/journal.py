"""The journal of call steps: what is kept of a turn before it is answered (design §3, The journal).
Implemented by `storage.journal`."""

from datetime import datetime
from typing import Protocol

from ivr.flow.call import Call
from ivr.flow.effect import Effect
from ivr.flow.value import value
from ivr.ports.recordings import RecordingRef


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
    recording: RecordingRef | None = None


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


class TokenTaken(Exception):
    """Another call was quicker to take this token of an official: look up which are left and
    advance again."""


class HasCase(Exception):
    """The recording belongs to a case already, and not to this one: there is nothing to open."""


class Journal(Protocol):
    """The only batch writer of call steps (design §3, The journal)."""

    async def append(self, step: Step) -> Reply:
        """Keep the step; return once it is durable. Raises MatterTaken, ReferenceTaken,
        RecordingTaken, TokenTaken."""
        ...
