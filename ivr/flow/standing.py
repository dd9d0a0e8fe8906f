"""How a case stands, as the caller hears it: one phrase a state (prompts §6).
The counterpart of `CaseState`, which has finer words than a caller needs."""

from collections.abc import Mapping
from typing import Final

from routing.cases.case import CaseState

# A question, an answer, a reason and the day of closing are not looked up yet: until they are, a
# case that waits for its caller is being worked on, one to be called back is under review, and who
# wants to know more about an end is led to a person.
STANDING: Final[Mapping[CaseState, str]] = {
    CaseState.RECEIVED: "progress.received",
    CaseState.TRIAGE: "progress.received",
    CaseState.DISPATCHED: "progress.dispatched",
    CaseState.IN_PROGRESS: "progress.working",
    CaseState.RETURN_REQUESTED: "progress.moving",
    CaseState.AWAITING_CALLER: "progress.working",
    CaseState.ANSWERED: "progress.review",
    CaseState.CALLBACK: "progress.review",
    CaseState.LONG_TERM: "progress.long_term",
    CaseState.CLOSED: "progress.ended",
    CaseState.NOT_ACCEPTED: "progress.refused",
    CaseState.MERGED: "progress.merged",
    CaseState.WITHDRAWN: "progress.withdrawn",
}
