"""Two rule sets over the same facts: what would land elsewhere, or nowhere. Pure; whoever asks
brings the facts, of real calls or of examples."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from routing.rules.condition import Facts
from routing.rules.router import Decision, Router
from routing.rules.ruleset import How


class Change(StrEnum):
    """What would become of a matter."""

    SAME = "same"
    ELSEWHERE = "elsewhere"  # another office gets it
    OTHERWISE = "otherwise"  # the same office, reached in another way
    NOWHERE = "nowhere"  # no rule, or an office that the register lacks
    FOUND = "found"  # it went nowhere, and goes somewhere


@dataclass(frozen=True, slots=True)
class Compared:
    """One matter under both; None where a rule set has no answer. `subject` is the caller's own
    name for it: a call's id, an example's."""

    subject: str
    facts: Facts
    old: Decision | None
    new: Decision | None

    @property
    def change(self) -> Change:
        """What differs."""
        if self.new is None:
            return Change.SAME if self.old is None else Change.NOWHERE
        if self.old is None:
            return Change.FOUND
        if self.old.office != self.new.office:
            return Change.ELSEWHERE
        same = (self.old.how, self.old.confidential) == (self.new.how, self.new.confidential)
        return Change.SAME if same else Change.OTHERWISE


@dataclass(frozen=True, slots=True)
class Move:
    """How many matters would go from one office to another; None for nowhere."""

    old: str | None
    new: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Landing:
    """How many matters an office has by the old and by the new; None for nowhere."""

    office: str | None
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of them, in the order in which they came."""

    rows: tuple[Compared, ...]

    @property
    def counts(self) -> Mapping[Change, int]:
        """How many of each kind, none left out."""
        found = Counter(row.change for row in self.rows)
        return {change: found[change] for change in Change}

    @property
    def moves(self) -> tuple[Move, ...]:
        """From where to where, the most first; those that stay are left out."""
        found = Counter(
            (row.old.office if row.old else None, row.new.office if row.new else None)
            for row in self.rows
            if row.change not in {Change.SAME, Change.OTHERWISE}
        )
        ordered = sorted(found.items(), key=lambda item: (-item[1], str(item[0])))
        return tuple(Move(old, new, count) for (old, new), count in ordered)

    @property
    def landings(self) -> tuple["Landing", ...]:
        """How many matters each office has by either, the widest difference first; None is
        nowhere. Offices that keep as many are left out."""
        before = Counter(row.old.office if row.old else None for row in self.rows)
        after = Counter(row.new.office if row.new else None for row in self.rows)
        found = (Landing(one, before[one], after[one]) for one in {*before, *after})
        return tuple(
            sorted(
                (one for one in found if one.old != one.new),
                key=lambda one: (-abs(one.new - one.old), str(one.office)),
            )
        )

    @property
    def ways(self) -> Mapping[tuple[How, How], int]:
        """How many of those that stay at their office are reached in another way."""
        return Counter(
            (row.old.how, row.new.how)
            for row in self.rows
            if row.change is Change.OTHERWISE and row.old is not None and row.new is not None
        )


@dataclass(frozen=True, slots=True)
class Side:
    """A plan's rules, the offices that it has, and the `lines` whose callers come to its rules:
    its published numbers. A decision for an office that is gone is none; a suspended, withdrawn or
    unlisted number offers only checks."""

    router: Router
    offices: frozenset[str]
    lines: frozenset[str]

    def decide(self, facts: Facts) -> Decision | None:
        """Where the matter goes; None for nowhere."""
        if facts.dialled not in self.lines:
            return None
        try:
            decision = self.router.decide(facts)
        except LookupError:
            return None
        return decision if decision.office in self.offices else None


def compare(old: Side, new: Side, matters: Iterable[tuple[str, Facts, Facts]]) -> Comparison:
    """Each matter by its name, with the facts as the old plan and as the new one sees them: the
    same call, but each with its own hours."""
    return Comparison(
        tuple(
            Compared(subject, after, old.decide(before), new.decide(after))
            for subject, before, after in matters
        )
    )
