"""What people do with a case: one transition at a time, checked by the table, with its audit row,
whichever door it came through (design §5)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from routing.accounts.roles import Actor
from routing.audit import Action, Entry, entry_by, subject
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
from routing.cases.opening import is_noted
from routing.cases.sorting import Clear, Doubt, Finding, Unclear
from routing.cases.transitions import UnknownCase
from routing.ports import Clock, OfficeCase
from routing.register import Directory
from routing.rules.condition import Facts, Opening
from routing.rules.router import Decision, Router

MOST_BY: Final = 48
"""Characters of who did it, beside a transition."""
By = Actor | str
"""Who does something with a case: somebody who is signed in, and then it is a link of the audit's
chain, too; or through which door it came."""


def door_of(by: By) -> str:
    """As it stands beside the transition: an account's id, since a name could never be erased
    there."""
    return (by if isinstance(by, str) else f"{by.role} {by.account}")[:MOST_BY]


def _entry(
    by: By, action: Action, reference: str, at: datetime, **values: str | None
) -> Entry | None:
    """The link of the chain, where it was somebody who is signed in."""
    if isinstance(by, str):
        return None
    told = {name: value for name, value in values.items() if value is not None}
    return entry_by(by, action, subject("case", reference), at, told)


class CaseMoves(Protocol):
    """Cases, as far as people move them."""

    async def accept(
        self, reference: str, by: str, at: datetime, entry: Entry | None = None
    ) -> bool:
        """Sign for it (签收), in one transaction with its audit row and the chain's `entry`; what
        was to escalate it ends. False where that was done already. Raises UnknownCase,
        IllegalTransition."""
        ...

    async def note_opened(self, entry: Entry, since: datetime) -> None:
        """Add the entry to the chain, unless there is one like it since then."""
        ...


@dataclass(frozen=True, slots=True)
class Casework:
    """The doors' one way to the cases."""

    cases: CaseMoves
    clock: Clock

    async def accept(self, reference: str, by: By) -> bool:
        """Sign for a case. False where it was signed for already. Raises UnknownCase, and
        IllegalTransition for one that is not waiting for it."""
        now = self.clock.now()
        entry = _entry(by, Action.CASE_ACCEPTED, reference, now)
        return await self.cases.accept(reference, door_of(by), now, entry)

    async def opened(self, case: OfficeCase, by: Actor, since: datetime) -> None:
        """Somebody hears or reads what its caller said: noted of a case whose caller has to be
        protected, once since then (hotline §1.6)."""
        if not is_noted(case.kind, case.about, case.confidentiality):
            return
        entry = _entry(by, Action.CASE_OPENED, case.reference, self.clock.now(), office=case.office)
        if entry is not None:
            await self.cases.note_opened(entry, since)


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
    """What a case is about, and where that leads; `entry` tells the chain, where a person said
    so."""

    case: Unsorted
    topic: str
    decision: Decision
    plan: int
    evidence: Evidence
    entry: Entry | None = None

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
    """A case that goes back, to `move.after`, to be sorted anew; `case` as it was seen, `entry`
    what the chain is told."""

    case: Unsorted
    move: CaseMove
    rule: str
    by: str
    entry: Entry | None = None

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

    async def by_person(self, reference: str, topic: str, by: By) -> Sorted | None:
        """A person says what it is about. None where it waits no longer, where there is no such
        topic, and where it would lead to an office that may be complained about."""
        case = await self.cases.unsorted(reference)
        if case is None:
            return None
        sorted_ = await self._decided(case, topic, Evidence(by=door_of(by)))
        if sorted_ is None:
            return None
        now, decision = self.clock.now(), sorted_.decision
        went = {"before": case.office, "after": decision.office, "rule": decision.rule}
        entry = _entry(by, Action.CASE_SORTED, reference, now, topic=topic, **went)
        told = replace(sorted_, entry=entry)
        return told if await self.cases.sort(told, now) else None

    async def take_back(self, reference: str, office: str, by: By) -> None:
        """The office that sent it away by a person's word takes it back. Raises UnknownCase, and
        NotMovedBack where somebody has accepted it there, or it went on."""
        case = await self._standing(reference)
        undone = to_take_back(case.trail, case.office, case.state)
        if undone.before != office:
            raise NotMovedBack(Refusal.MEANWHILE)
        move = _next(case, Way.TAKEN_BACK, undone.before, self.clock.now())
        await self._back(case, replace(move, topic=undone.topic), by)

    async def give_back(self, reference: str, office: str, reason: Reason, by: By) -> str:
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

    async def _back(self, case: Unsorted, move: CaseMove, by: By) -> None:
        plan = await self.plan(case.plan)
        first = plan.rules.decide(_seen_by(plan, case.facts))
        rule = first.rule if first.office == move.after else move.way.value
        taken = move.way is Way.TAKEN_BACK
        action = Action.CASE_TAKEN_BACK if taken else Action.CASE_RETURNED
        went = {"before": move.before, "after": move.after, "reason": move.reason}
        entry = _entry(by, action, case.reference, move.at, **went)
        if not await self.cases.back(Back(case, move, rule, door_of(by), entry)):
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
