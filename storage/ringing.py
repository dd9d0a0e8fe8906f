"""The rows of phones that ring together: each an outgoing call with its work, and the end of them.
Used by `effects`, in the step's own transaction, and by `rounds`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert

from ivr.flow.effect import RingLeg
from ivr.flow.round import TO_WAIT
from ivr.flow.steps.whisper import LISTENING
from routing.ports import JobKind
from storage.beneath import Written
from storage.sealing import Sealing
from storage.tables.calls import joins
from storage.tables.outgoing import outgoing
from storage.writes import ADD_JOB, Write, job_row

PLACE: Final = Written(insert(outgoing).inline().on_conflict_do_nothing())
SHUT: Final = Written(insert(joins).inline().on_conflict_do_nothing())
OFFER: Final = "whisper.offer"
"""What such a call is for, as the column has it; its words follow from the call it rings for."""


def leg_id(call_id: str, turn: int, leg: int) -> str:
    """Of a leg's call: who knows no call's id, which nobody can guess, knows no leg's."""
    return f"{call_id}-{turn}-{leg}"


def ring_key(leg: str) -> str:
    """Of the work that rings one phone."""
    return f"ring:{leg}"


def ringing(sealing: Sealing, call_id: str, at: datetime, ring: RingLeg) -> Iterator[Write]:
    """One phone. It rings once its caller waits (`StoredRounds.begin`), at the latest after
    TO_WAIT."""
    mine, due = leg_id(call_id, ring.turn, ring.leg), at + TO_WAIT
    row = {
        "id": mine,
        "sure": False,
        "line": ring.line,
        "number": sealing.seal(ring.number),
        "language": LISTENING,
        "phrase": OFFER,
        "ordered": due,
        "call_id": call_id,
        "turn": ring.turn,
        "leg": ring.leg,
        "rings": ring.seconds,
    }
    yield Write(PLACE, row)
    work = job_row(JobKind.RING, {"leg": mine}, ring_key(mine), at, None)
    yield Write(ADD_JOB, {**work, "run_at": due})


def ending(call_id: str, turn: int, at: datetime, room: str | None) -> Iterator[Write]:
    """The caller has left: nobody joins any more, and what rings is to stop."""
    row = {"call_id": call_id, "turn": turn, "leg": None, "at": at}
    yield Write(SHUT, row)
    yield Write(ADD_JOB, ring_end(call_id, turn, at, "left", room))


def ring_end(
    call_id: str, turn: int, at: datetime, why: str, room: str | None = None
) -> dict[str, Any]:
    """The work that stops what rings; one for each reason, since a later one may know more."""
    payload = {"call": call_id, "turn": turn, "room": room}
    return job_row(JobKind.RING_END, payload, f"ring_end:{call_id}:{turn}:{why}", at, None)
