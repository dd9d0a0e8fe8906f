"""What the keeper of the door asks of what is kept: the calls that go on, and the block list.
Implemented in `storage`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ivr.flow.call import Call
from ivr.ports.journal import Origin


@dataclass(frozen=True, slots=True)
class Ongoing:
    """A call that has not ended: how it stands since its last step, at `at`."""

    call: Call
    origin: Origin
    at: datetime


class Blocks(Protocol):
    """The block list, by the keyed digest of a caller."""

    async def current(self, now: datetime) -> Mapping[str, datetime]:
        """Who is blocked now, each until when."""
        ...

    async def hit(self, times: Mapping[str, int], at: datetime) -> None:
        """So many calls of each were turned away."""
        ...


class LiveCalls(Protocol):
    """The calls of every process."""

    async def live(self, since: datetime, most: int) -> Sequence[Ongoing]:
        """Calls without an end that began since then, the newest first."""
        ...
