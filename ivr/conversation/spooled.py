"""What is accepted beside the database, and who keeps it until that is back. The counterpart of
`storage.spool`, which implements it (design §3, Fallback)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ivr.flow.fallback import Line
from ivr.flow.instruction import Language
from ivr.flow.value import value
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef


@value
class Spooled:
    """A recording that was accepted where the database could take nothing. `matter` is the call's
    own id and the turn that was recording, None where the plan took a message; `heard` is False
    where nothing was said, so that it is only to be deleted."""

    origin: Origin
    line: Line
    language: Language
    ref: RecordingRef
    at: datetime
    matter: tuple[str, int] | None = None
    heard: bool = True


@value
class Batch:
    """What one process has accepted, in order. `name` and `size` say which part of the spool."""

    name: str
    size: int
    lines: tuple[Spooled, ...]


class Spool(Protocol):
    """Keeps recordings beside the database, surely: what is kept is drained into cases later.
    Each raises the errors of storage."""

    async def keep(self, accepted: Spooled) -> None:
        """Return once it is durable."""
        ...

    async def batches(self) -> Sequence[Batch]:
        """All that waits: ours, and what processes left that live no more."""
        ...

    async def done(self, batch: Batch) -> None:
        """All of the batch is committed: it may go, unless something has joined it."""
        ...

    async def known_until(self) -> datetime | None:
        """Until when every recording at the carrier is known here; None before the first look."""
        ...

    async def know_until(self, at: datetime) -> None:
        """Note that."""
        ...
