"""A case is accepted (签收): its state, its audit row and the end of what would have escalated it,
inside whoever's transaction. Used by `cases`, and by `calls` where an official took the call."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Executable, insert, select, update

from routing.cases.case import CaseState
from routing.cases.transitions import Actor, UnknownCase, move
from routing.ports import JobKind
from storage.tables.cases import case_events, cases
from storage.tables.outbox import JobState, outbox

TO: Final = CaseState.IN_PROGRESS


def accept(unit: Connection, reference: str, by: str, at: datetime) -> bool:
    """Inside brief work. False where it is signed for already. Raises UnknownCase,
    IllegalTransition."""
    mine = cases.c.reference == reference
    found = unit.execute(select(cases.c.state).where(mine).with_for_update()).scalar()
    if found is None:
        raise UnknownCase("there is no case with this number")
    state = CaseState(found)
    if state is TO:
        return False
    move(state, TO, Actor.OFFICE)
    unit.execute(update(cases).where(mine).values(state=TO.value))
    event = {
        "reference": reference,
        "from_state": state.value,
        "to_state": TO.value,
        "actor": Actor.OFFICE.value,
        "note": f"accepted: {by}",
        "at": at,
    }
    unit.execute(insert(case_events).values(event))
    unit.execute(ladder_ends(reference, at))
    return True


def accept_by_phone(unit: Connection, call_id: str, office: str, at: datetime) -> None:
    """The same for the cases of a call that somebody at their office has taken."""
    waiting = select(cases.c.reference).where(
        cases.c.call_id == call_id,
        cases.c.office == office,
        cases.c.state == CaseState.DISPATCHED.value,
    )
    for (reference,) in unit.execute(waiting).all():
        accept(unit, reference, "the call was taken", at)


def ladder_ends(reference: str, at: datetime) -> Executable:
    """Nobody further is told; who is at it just now finds the claim gone."""
    mine = (outbox.c.reference == reference, outbox.c.kind == JobKind.ESCALATE.value)
    open_ = outbox.c.state != JobState.DONE.value
    done = {"state": JobState.DONE.value, "payload": "{}", "finished": at, "error": None}
    claim = {"attempts": outbox.c.attempts + 1, "holder": None}
    return update(outbox).where(*mine, open_).values(**done, **claim)
