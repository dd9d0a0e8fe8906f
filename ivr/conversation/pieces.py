"""Words of a recording that come while it is made: what one piece is, and where it is kept. The
counterpart of `ivr.carrier.inbound`, which reads them; `storage.pieces` joins them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Piece:
    """Words heard while a recording was made. `session` is the carrier's id of the listening;
    `sequence` orders the pieces of one `track`."""

    session: str
    track: str
    sequence: int
    text: str


class Pieces(Protocol):
    """Words that come while a recording is made, until they are one transcript."""

    async def keep(self, call_id: str, turn: int, piece: Piece, at: datetime) -> None:
        """Keep a piece of the recording that `turn` waits for; a repeat changes nothing."""

    async def words(self, sid: str) -> str | None:
        """All that was heard in a recording so far, None where nothing was."""
