"""How far a call has come at the carrier, as values. Callbacks come in any order and more than
once; what is known only moves forward (twilio-voice §1, §3)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ivr.flow.value import value


class CallStatus(StrEnum):
    """The carrier's words for the state of a leg."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def over(self) -> bool:
        """Nothing comes after it."""
        return self not in RANK


RANK: Final[Mapping[CallStatus, int]] = {
    CallStatus.QUEUED: 0,
    CallStatus.INITIATED: 1,
    CallStatus.RINGING: 2,
    CallStatus.IN_PROGRESS: 3,
}
"""The statuses before an end, in the order that a call goes through them."""


@value
class Progress:
    """What a callback told: the status, and its place in the carrier's order (SequenceNumber, from
    0), None where the carrier numbers none."""

    status: CallStatus
    sequence: int | None = None


def further(known: Progress | None, told: Progress) -> Progress:
    """Which of both stands. An end stands whatever comes; before it the carrier's own order
    counts, and where it gives none, a status never falls behind the one before."""
    if known is None:
        return told
    if known.status.over or told.status.over:
        return known if known.status.over else told
    if known.sequence is not None and told.sequence is not None:
        return told if told.sequence > known.sequence else known
    return told if RANK[told.status] > RANK[known.status] else known
