"""How a case came from office to office, and what may follow: who sent it may take it back, who got
it may give it back (退单, hotline §1.2 rows 6 and 7). Pure; `casework` asks, the table decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.cases.case import CaseState
from routing.cases.doors import one_door
from routing.cases.transitions import CaseError
from routing.register import Directory


class Way(StrEnum):
    """What moved a case, or gave it its topic where it was."""

    WORDS = "words"
    """those of its recordings"""
    PERSON = "person"
    """somebody at the office that had it said its topic"""
    TAKEN_BACK = "taken_back"
    """by the office whose person had sent it"""
    RETURNED = "returned"
    """by the office that it was sent to"""


class Reason(StrEnum):
    """Why an office gives a case back. A closed list: nobody's name can stand in it."""

    NOT_OURS = "not_ours"  # 不属于本单位职责
    OTHER_AREA = "other_area"  # 不在本辖区
    OTHER_MATTER = "other_matter"  # 说的是另一件事


@dataclass(frozen=True, slots=True)
class CaseMove:
    """One move, from `before` to `after`: the same office where it only learned its topic. `number`
    counts a case's moves from 1; `topic` is the one that was said, `reason` why it was returned;
    `at` aware UTC."""

    number: int
    way: Way
    before: str
    after: str
    topic: str | None
    reason: Reason | None
    at: datetime


class Refusal(StrEnum):
    """Why a case is not moved back."""

    MEANWHILE = "meanwhile"
    """somebody was faster, or it is at another office"""
    NOT_SENT = "not_sent"
    """nobody sent it here"""
    ACCEPTED = "accepted"
    """the office that it was sent to has accepted it"""
    LATE = "late"
    """the working day for it is over"""
    AGAIN = "again"
    """this office has returned it before"""
    NO_REASON = "no_reason"


class NotMovedBack(CaseError):
    """A case that stays where it is, and why."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(f"this case is not moved back: {why.value}")
        self.why = why


Trail = Sequence[CaseMove]
"""A case's moves, the oldest first."""


def sent(trail: Trail, office: str) -> CaseMove | None:
    """The move that sent the case to the office which has it now."""
    last = trail[-1] if trail else None
    if last is None or last.after != office or last.before == last.after:
        return None
    return last if last.way in {Way.WORDS, Way.PERSON} else None


def to_take_back(trail: Trail, office: str, state: CaseState) -> CaseMove:
    """The move of a person that can be undone as long as nobody has accepted it where it went.
    Raises NotMovedBack."""
    move = sent(trail, office)
    if move is None or move.way is not Way.PERSON:
        raise NotMovedBack(Refusal.MEANWHILE)
    if state is not CaseState.DISPATCHED:
        raise NotMovedBack(Refusal.ACCEPTED)
    return move


def to_return(trail: Trail, office: str) -> CaseMove:
    """The move that the office may give back: once, and by `until` alone, which the caller of this
    looks at. Raises NotMovedBack."""
    move = sent(trail, office)
    if move is None:
        raise NotMovedBack(Refusal.NOT_SENT)
    if any(one.way is Way.RETURNED and one.before == office for one in trail):
        raise NotMovedBack(Refusal.AGAIN)
    return move


def returned_to(trail: Trail, move: CaseMove, directory: Directory, barred: frozenset[str]) -> str:
    """Who has a returned case: whoever sent it; the second time the office that coordinates, which
    is the next one above the returning office that neither gave it back nor is complained about."""
    returns = {one.before for one in trail if one.way is Way.RETURNED}
    if not returns:
        return move.before
    office = directory.offices.get(move.after)
    seen = {move.after}
    while office is not None and office.parent is not None and office.parent not in seen:
        if office.parent not in returns and not one_door(directory, office.parent, barred):
            return office.parent
        seen.add(office.parent)
        office = directory.offices.get(office.parent)
    return move.before
