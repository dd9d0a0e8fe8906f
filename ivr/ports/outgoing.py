"""Calls that we place. Implemented by `storage.outgoing`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from ivr.flow.announcing import Announcement
from ivr.flow.progress import Progress
from ivr.ports.journal import Origin

ENDS_WITHIN: Final = timedelta(minutes=12)
"""After that long the carrier is asked how a call ended: longer than one rings and tells what it
has to tell."""


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

    async def asking(self, call_id: str, at: datetime, within: timedelta = ENDS_WITHIN) -> None:
        """A request goes out now: until its answer, the call is in doubt. Also enqueues the work
        that finds out how it ended, should the carrier not have told `within` that time."""
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
