"""What people do with a case: one transition at a time, checked by the table, with its audit row,
whichever door it came through (design §5)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from routing.cases.case import Confidentiality
from routing.cases.doors import one_door
from routing.cases.ladder import accused
from routing.cases.sorting import Clear, Doubt, Finding, Unclear
from routing.ports import Clock
from routing.register import Directory
from routing.rules.condition import Facts
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
    """A case that waits at an office for want of a topic: nobody has accepted it. `facts` are those
    of its call, `plan` the one that its call began with."""

    reference: str
    office: str
    plan: int
    facts: Facts
    confidentiality: Confidentiality


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


class Sortable(Protocol):
    """Cases, as far as they are sorted."""

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


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Sends a case that had no topic where its topic leads, by the rules of its own plan."""

    cases: Sortable
    plan: Callable[[int], Awaitable[Rules]]
    clock: Clock

    async def by_words(self, case: Unsorted, found: Finding, evidence: Evidence) -> None:
        """What its words said: sure, it goes; else a person decides. Repeating is safe."""
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

    async def _decided(self, case: Unsorted, topic: str, evidence: Evidence) -> Sorted | None:
        plan = await self.plan(case.plan)
        known = plan.directory.topics.get(topic)
        if known is None:
            return None
        facts = replace(case.facts, topic=topic, group=known.group)
        decision = plan.rules.decide(facts)
        barred = accused(plan.directory, facts.dialled, topic, facts.kind, facts.about)
        if decision.office != case.office and one_door(plan.directory, decision.office, barred):
            return None
        return Sorted(case, topic, decision, plan.number, evidence)
