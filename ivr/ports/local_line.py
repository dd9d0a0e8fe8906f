"""The embedded carrier as the phone page sees it. Implemented by `ivr.carrier.local`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
