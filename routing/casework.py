"""What people do with a case: one transition at a time, checked by the table, with its audit row,
whichever door it came through (design §5)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from routing.cases.case import CaseState, Confidentiality
from routing.cases.doors import one_door
from routing.cases.ladder import accused
from routing.cases.moves import (
    CaseMove,
    NotMovedBack,
    Reason,
    Refusal,
    Way,
    returned_to,
    to_return,
    to_take_back,
)
from routing.cases.sorting import Clear, Doubt, Finding, Unclear
from routing.cases.transitions import UnknownCase
from routing.ports import Clock
from routing.register import Directory
from routing.rules.condition import Facts, Opening
from routing.rules.router import Decision, Router

MOST_BY: Final = 48
"""Characters of who did it, in the audit."""


class CaseMoves(Protocol):
    """Cases, as far as people move them."""

    async def accept(self, reference: str, by: str, at: datetime) -> bool:
        """Sign for it (签收), in one transaction with its audit row; what was to escalate it ends.
        False where that was done already. Raises UnknownCase, IllegalTransition."""
        ...


@dataclass(frozen=True, slots=True)
class Casework:
    """The doors' one way to the cases."""

    cases: CaseMoves
    clock: Clock

    async def accept(self, reference: str, by: str) -> bool:
        """Sign for a case: `by` says through which door, or whose it is, never a person's number.
        False where it was signed for already. Raises UnknownCase, and IllegalTransition for one
        that is not waiting for it."""
        return await self.cases.accept(reference, by[:MOST_BY], self.clock.now())


@dataclass(frozen=True, slots=True)
class Unsorted:
    """A case that waits at an office for want of a topic. `facts` are those of its call, which
    chose none; `plan` the one that its call began with; `trail` how it came to its office."""

    reference: str
    office: str
    plan: int
    facts: Facts
    confidentiality: Confidentiality
    state: CaseState = CaseState.DISPATCHED
    trail: tuple[CaseMove, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whose word a topic is: those of a recording, as `source` heard them, or a person's at the
    door `by`."""

    recording: str = ""
    source: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a case is about, and where that leads."""

    case: Unsorted
    topic: str
    decision: Decision
    plan: int
    evidence: Evidence

    @property
    def moves(self) -> bool:
        """Whether another office has it from now on."""
        return self.decision.office != self.case.office

    @property
    def confidentiality(self) -> Confidentiality:
        """What was sealed stays so, and what a rule seals is sealed."""
        named = self.case.confidentiality is Confidentiality.NAMED
        sealed = named and self.decision.confidential
        return Confidentiality.CONFIDENTIAL if sealed else self.case.confidentiality


@dataclass(frozen=True, slots=True)
class Back:
    """A case that goes back, to `move.after`, to be sorted anew; `case` as it was seen."""

    case: Unsorted
    move: CaseMove
    rule: str
    by: str

    @property
    def mark(self) -> Unclear:
        """Why a person has to sort it, and what it was taken for by who took that back."""
        if self.move.way is Way.RETURNED:
            return Unclear(Doubt.RETURNED)
        return Unclear(Doubt.TAKEN_BACK, (self.move.topic,) if self.move.topic else ())


class Sortable(Protocol):
    """Cases, as far as they are sorted."""

    async def standing(self, reference: str) -> Unsorted | None:
        """The case as it would be sorted had nobody said its topic, wherever it stands; None where
        it is not kept."""
        ...

    async def back(self, back: Back) -> bool:
        """Move it back, with its audit rows, the word to both offices and a new ladder, in one
        transaction; the day by which the caller is answered stays. False where it stands otherwise
        than it was seen."""
        ...

    async def unsorted(self, reference: str) -> Unsorted | None:
        """The case, where it still waits to be sorted."""
        ...

    async def sort(self, sorted_: Sorted, at: datetime) -> bool:
        """Give it its topic and, where that `moves` it, its office: with the audit row and the word
        to both offices, in one transaction; the day by which the caller is answered stays. False
        where somebody has sorted, accepted or ended it meanwhile."""
        ...

    async def leave(
        self, reference: str, unclear: Unclear, evidence: Evidence, at: datetime
    ) -> None:
        """Mark it to be sorted by a person, as long as nobody has."""
        ...


class Rules(Protocol):
    """A published plan, as far as cases are sorted by it."""

    @property
    def number(self) -> int: ...
    @property
    def rules(self) -> Router: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def open(self) -> Mapping[str, Opening]: ...


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Sends a case that had no topic where its topic leads, by the rules of its own plan."""

    cases: Sortable
    plan: Callable[[int], Awaitable[Rules]]
    clock: Clock
    until: Callable[[str, datetime], datetime]
    """The end of an office's next working day, from the day of an instant: so long it may return
    what was sent to it then. Aware UTC."""

    async def by_words(self, case: Unsorted, found: Finding, evidence: Evidence) -> None:
        """What its words said: sure, it goes; else a person decides. What somebody has accepted is
        not taken from them by words, and what was sent and came back is for people alone. Repeating
        is safe."""
        if case.trail:
            return
        if isinstance(found, Clear) and case.state is not CaseState.DISPATCHED:
            found = Unclear(Doubt.ACCEPTED, (found.topic,))
        if isinstance(found, Clear):
            sorted_ = await self._decided(case, found.topic, evidence)
            if sorted_ is not None:
                await self.cases.sort(sorted_, self.clock.now())
                return
            found = Unclear(Doubt.ACCUSES, (found.topic,))
        await self.cases.leave(case.reference, found, evidence, self.clock.now())

    async def by_person(self, reference: str, topic: str, by: str) -> Sorted | None:
        """A person says what it is about. None where it waits no longer, where there is no such
        topic, and where it would lead to an office that may be complained about."""
        case = await self.cases.unsorted(reference)
        if case is None:
            return None
        sorted_ = await self._decided(case, topic, Evidence(by=by[:MOST_BY]))
        if sorted_ is None or not await self.cases.sort(sorted_, self.clock.now()):
            return None
        return sorted_

    async def take_back(self, reference: str, office: str, by: str) -> None:
        """The office that sent it away by a person's word takes it back. Raises UnknownCase, and
        NotMovedBack where somebody has accepted it there, or it went on."""
        case = await self._standing(reference)
        undone = to_take_back(case.trail, case.office, case.state)
        if undone.before != office:
            raise NotMovedBack(Refusal.MEANWHILE)
        move = _next(case, Way.TAKEN_BACK, undone.before, self.clock.now())
        await self._back(case, replace(move, topic=undone.topic), by)

    async def give_back(self, reference: str, office: str, reason: Reason, by: str) -> str:
        """The office that got it returns it; whose it is then. Raises UnknownCase,
        IllegalTransition and NotMovedBack."""
        case = await self._standing(reference)
        if case.office != office:
            raise NotMovedBack(Refusal.MEANWHILE)
        sent = to_return(case.trail, office)
        if self.clock.now() > self.until(office, sent.at):
            raise NotMovedBack(Refusal.LATE)
        directory, facts = (await self.plan(case.plan)).directory, case.facts
        barred = accused(directory, facts.dialled, sent.topic, facts.kind, facts.about)
        to = returned_to(case.trail, sent, directory, barred)
        move = _next(case, Way.RETURNED, to, self.clock.now())
        await self._back(case, replace(move, reason=reason), by)
        return to

    async def _standing(self, reference: str) -> Unsorted:
        case = await self.cases.standing(reference)
        if case is None:
            raise UnknownCase("there is no case with this number")
        return case

    async def _back(self, case: Unsorted, move: CaseMove, by: str) -> None:
        plan = await self.plan(case.plan)
        first = plan.rules.decide(_seen_by(plan, case.facts))
        rule = first.rule if first.office == move.after else move.way.value
        if not await self.cases.back(Back(case, move, rule, by[:MOST_BY])):
            raise NotMovedBack(Refusal.MEANWHILE)

    async def _decided(self, case: Unsorted, topic: str, evidence: Evidence) -> Sorted | None:
        plan = await self.plan(case.plan)
        known = plan.directory.topics.get(topic)
        if known is None:
            return None
        facts = replace(_seen_by(plan, case.facts), topic=topic, group=known.group)
        decision = plan.rules.decide(facts)
        barred = accused(plan.directory, facts.dialled, topic, facts.kind, facts.about)
        if decision.office != case.office and one_door(plan.directory, decision.office, barred):
            return None
        return Sorted(case, topic, decision, plan.number, evidence)


def _seen_by(plan: Rules, facts: Facts) -> Facts:
    """The facts of a kept case as the rules of a plan see them: also whose number it was, and when
    the offices are open."""
    entry = plan.directory.numbers.get(facts.dialled)
    return replace(facts, office=None if entry is None else entry.office, open=plan.open)


def _next(case: Unsorted, way: Way, to: str, at: datetime) -> CaseMove:
    return CaseMove(len(case.trail) + 1, way, case.office, to, None, None, at)
