"""The table is the law: what it lacks is refused, by name."""

import pytest

from routing.cases.case import ENDS, CaseState
from routing.cases.transitions import TABLE, Actor, IllegalTransition, move


def test_a_case_is_opened_sorted_and_dispatched() -> None:
    assert move(None, CaseState.RECEIVED, Actor.CALLER).number == 1
    assert move(CaseState.RECEIVED, CaseState.TRIAGE, Actor.SYSTEM).number == 2
    assert move(CaseState.TRIAGE, CaseState.DISPATCHED, Actor.SYSTEM).number == 3


def test_an_office_accepts_what_was_dispatched_to_it() -> None:
    assert move(CaseState.DISPATCHED, CaseState.IN_PROGRESS, Actor.OFFICE).number == 5


@pytest.mark.parametrize("actor", [Actor.SYSTEM, Actor.DISPATCHER])
def test_what_nobody_has_accepted_is_dispatched_anew(actor: Actor) -> None:
    assert move(CaseState.DISPATCHED, CaseState.DISPATCHED, actor).number == 3


@pytest.mark.parametrize("state", [state for state in CaseState if state not in ENDS])
def test_a_caller_may_withdraw_an_open_case(state: CaseState) -> None:
    assert move(state, CaseState.WITHDRAWN, Actor.CALLER).number == 18


@pytest.mark.parametrize(
    ("state", "to", "actor", "says"),
    [
        (CaseState.CLOSED, CaseState.WITHDRAWN, Actor.CALLER, "from closed to withdrawn"),
        (None, CaseState.CLOSED, Actor.SYSTEM, "from nothing to closed"),
        (CaseState.RECEIVED, CaseState.TRIAGE, Actor.CALLER, "by the caller"),
        (CaseState.DISPATCHED, CaseState.IN_PROGRESS, Actor.CALLER, "by the caller"),
        (CaseState.DISPATCHED, CaseState.DISPATCHED, Actor.OFFICE, "by the office"),
        (CaseState.IN_PROGRESS, CaseState.DISPATCHED, Actor.SYSTEM, "from in_progress"),
        (CaseState.IN_PROGRESS, CaseState.TRIAGE, Actor.OFFICE, "from in_progress"),
        (CaseState.ANSWERED, CaseState.RETURN_REQUESTED, Actor.OFFICE, "from answered"),
        (CaseState.DISPATCHED, CaseState.RETURN_REQUESTED, Actor.DISPATCHER, "by the dispatcher"),
        (CaseState.RETURN_REQUESTED, CaseState.TRIAGE, Actor.OFFICE, "by the office"),
        (CaseState.TRIAGE, CaseState.IN_PROGRESS, Actor.OFFICE, "from triage to in_progress"),
        (CaseState.DISPATCHED, CaseState.RECEIVED, Actor.SYSTEM, "from dispatched to received"),
    ],
)
def test_whatever_the_table_lacks_is_refused(
    state: CaseState | None, to: CaseState, actor: Actor, says: str
) -> None:
    with pytest.raises(IllegalTransition, match=says):
        move(state, to, actor)


def test_no_row_leads_out_of_an_end() -> None:
    assert not [pair for pair in TABLE if pair[0] in ENDS]


@pytest.mark.parametrize("state", [CaseState.DISPATCHED, CaseState.IN_PROGRESS])
def test_an_office_returns_what_it_has_not_answered(state: CaseState) -> None:
    assert move(state, CaseState.RETURN_REQUESTED, Actor.OFFICE).number == 6
    assert move(CaseState.RETURN_REQUESTED, CaseState.TRIAGE, Actor.SYSTEM).number == 7


@pytest.mark.parametrize("to", [CaseState.DISPATCHED, CaseState.IN_PROGRESS])
def test_only_a_person_sorts_what_somebody_has_accepted(to: CaseState) -> None:
    assert move(CaseState.IN_PROGRESS, to, Actor.DISPATCHER).number == 3
    with pytest.raises(IllegalTransition):
        move(CaseState.IN_PROGRESS, to, Actor.SYSTEM)
