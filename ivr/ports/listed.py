"""The carrier's own rows of calls and recordings, which the ledger's sweep holds ours against.
Implemented by `ivr.carrier`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from ivr.flow.progress import CallStatus
from ivr.ports.recordings import RecordingRef

AHEAD: Final = timedelta(days=1)
"""How far the carrier's clock, and the zone that it forgot to name, may be ahead of ours."""


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

    def early(self, now: datetime) -> bool:
        """Whether it was made after `now`, by more than clocks differ: up to when a list is known
        must not be told by such a date, or all that is made before it would be looked for never."""
        return self.at > now + AHEAD


class CarrierRecordings(Protocol):
    """The carrier's rows of recordings, likewise."""

    async def of_call(self, call: str) -> Sequence[RecordingRef]:
        """What it has recorded of a leg, the newest first."""
        ...

    async def since(self, at: datetime) -> Sequence[CarrierRecording]:
        """The finished recordings of callers' words that were made since `at` (aware)."""
        ...
