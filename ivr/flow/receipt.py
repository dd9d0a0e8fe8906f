"""How far a text has come at the carrier, as values. Callbacks come in any order and repeat;
what is known only moves forward. The counterpart of `progress`, for calls."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ivr.flow.value import value


class TextStatus(StrEnum):
    """The carrier's words for the state of a message that it was to send."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    """the next carrier has it; some never tell more"""
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def over(self) -> bool:
        """Nothing comes after it."""
        return self not in RANK

    @property
    def lost(self) -> bool:
        """It has reached nobody, and will not."""
        return self in LOST


RANK: Final[Mapping[TextStatus, int]] = {
    TextStatus.ACCEPTED: 0,
    TextStatus.SCHEDULED: 0,
    TextStatus.QUEUED: 1,
    TextStatus.SENDING: 2,
    TextStatus.SENT: 3,
}
"""The statuses before an end, in the order that a text goes through them."""
LOST: Final = frozenset({TextStatus.UNDELIVERED, TextStatus.FAILED, TextStatus.CANCELED})


@value
class Receipt:
    """What the carrier told of the text that it calls `sid`; `code` is its ErrorCode, "" for
    none."""

    sid: str
    status: TextStatus
    code: str = ""


def further(known: TextStatus, told: TextStatus) -> bool:
    """Whether what is told goes beyond what is known. An end stands, whatever comes."""
    if known.over or told.over:
        return not known.over
    return RANK[told] > RANK[known]
