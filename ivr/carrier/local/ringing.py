"""Rings one leg until it is answered, declined, or has rung long enough."""

from __future__ import annotations

from ivr.carrier.local.desk import Desk
from ivr.carrier.local.leg import Declined, Leg, PickedUp
from ivr.carrier.local.messages import Answered
from ivr.carrier.local.state import Status


async def ring(leg: Leg, desk: Desk, seconds: float) -> Status:
    """IN_PROGRESS once answered, else BUSY (also declined) or NO_ANSWER.

    A number nobody answers for rings all the time. Raises what ``Leg.hear`` raises.
    """
    leg.note(status=Status.RINGING)
    progress(leg, desk, "ringing")
    if not desk.switchboard.connect(leg):
        return Status.BUSY
    deadline = leg.deadline(seconds)
    while (heard := await leg.hear(deadline)) is not None:
        if isinstance(heard, Declined):
            return Status.BUSY
        if isinstance(heard, PickedUp):
            leg.note(status=Status.IN_PROGRESS, answered=desk.instant())
            leg.tell(Answered(leg.state.sid))
            progress(leg, desk, "answered")
            return Status.IN_PROGRESS
    return Status.NO_ANSWER


def progress(leg: Leg, desk: Desk, event: str) -> None:
    """A statusCallback of the leg, if it was asked for; ordered by SequenceNumber only
    (twilio-voice §1, §3)."""
    state = leg.state
    if state.status_url is None or event not in state.status_events:
        return
    extra = [
        ("Timestamp", desk.stamp()),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(state.sequence)),
    ]
    if state.status.over:
        extra.append(("CallDuration", str(desk.since(state.answered, state.ended))))
    leg.note(sequence=state.sequence + 1)
    desk.callback(state, state.status_url, state.status_method, tuple(extra))


def answer(leg: Leg, desk: Desk) -> None:
    """An inbound call is up from now on."""
    leg.note(status=Status.IN_PROGRESS, answered=desk.instant())
    leg.tell(Answered(leg.state.sid))
