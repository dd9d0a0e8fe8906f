"""The transition table: who may move a case from where to where, needing what (hotline §1.2).
A pair the table lacks is refused, whichever door the request came through."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from routing.cases.case import ENDS, CaseState


class Actor(StrEnum):
    """Who acts."""

    CALLER = "caller"
    DISPATCHER = "dispatcher"
    """a person who says which office a case is for"""
    OFFICE = "office"
    """whoever handles the case there"""
    SYSTEM = "system"


class CaseError(ValueError):
    """A case that cannot be moved as asked."""


class UnknownCase(CaseError):
    """There is no case with this number."""


class IllegalTransition(CaseError):
    """The table has no such move, or it is not this actor's."""


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed transition. `number` is its row in hotline §1.2."""

    number: int
    actors: frozenset[Actor]


_BY_SYSTEM = frozenset({Actor.SYSTEM})
_BY_CALLER = frozenset({Actor.CALLER})
_BY_OFFICE = frozenset({Actor.OFFICE})

TABLE: Final[Mapping[tuple[CaseState | None, CaseState], Move]] = {
    (None, CaseState.RECEIVED): Move(1, _BY_CALLER),
    (CaseState.RECEIVED, CaseState.TRIAGE): Move(2, _BY_SYSTEM),
    (CaseState.TRIAGE, CaseState.DISPATCHED): Move(3, _BY_SYSTEM),
    # Dispatched without a topic, it is sorted when its words are there: anew by the same row.
    (CaseState.DISPATCHED, CaseState.DISPATCHED): Move(
        3, frozenset({Actor.SYSTEM, Actor.DISPATCHER})
    ),
    # Accepted without a topic, a person alone sorts it: there, or to an office that must accept.
    (CaseState.IN_PROGRESS, CaseState.IN_PROGRESS): Move(3, frozenset({Actor.DISPATCHER})),
    (CaseState.IN_PROGRESS, CaseState.DISPATCHED): Move(3, frozenset({Actor.DISPATCHER})),
    (CaseState.DISPATCHED, CaseState.IN_PROGRESS): Move(5, _BY_OFFICE),  # 签收
    (CaseState.DISPATCHED, CaseState.RETURN_REQUESTED): Move(6, _BY_OFFICE),  # 退单
    (CaseState.IN_PROGRESS, CaseState.RETURN_REQUESTED): Move(6, _BY_OFFICE),
    (CaseState.RETURN_REQUESTED, CaseState.TRIAGE): Move(7, _BY_SYSTEM),  # granted by rule
} | {(state, CaseState.WITHDRAWN): Move(18, _BY_CALLER) for state in CaseState if state not in ENDS}


def move(state: CaseState | None, to: CaseState, actor: Actor) -> Move:
    """The row that allows it. Raises IllegalTransition, naming what was asked."""
    found = TABLE.get((state, to))
    if found is None or actor not in found.actors:
        begin = "nothing" if state is None else state.value
        raise IllegalTransition(f"a case cannot go from {begin} to {to.value} by the {actor.value}")
    return found
