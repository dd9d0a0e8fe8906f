"""Rules compiled for the call: one dict per set of bound facts (`tables`), probe each, keep the
best priority, moments on survivors only (performance §3). `naive` is its reference; what no rule
can break is held up behind both (`guards`)."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from routing.rules.condition import Condition, Facts, Passed
from routing.rules.guards import Guards
from routing.rules.ruleset import How, Rule, RuleSet
from routing.rules.tables import NOWHERE, Tables, made

T = TypeVar("T")
GUARD: Final = "guard:"
"""Before the id of a rule that was overridden, as the rule of the decision that stands."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a matter goes, by which rule of which version."""

    rule: str
    office: str
    how: How
    confidential: bool
    version: int

    def to_plain(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return {
            "rule": self.rule,
            "office": self.office,
            "how": self.how.value,
            "confidential": self.confidential,
            "version": self.version,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Decision":
        """The decision that `to_plain` wrote."""
        return cls(
            plain["rule"],
            plain["office"],
            How(plain["how"]),
            plain["confidential"],
            plain["version"],
        )


class Router:
    """A compiled rule set: immutable once made, swapped as a whole."""

    __slots__ = ("_probes", "guards", "rules", "tables")

    def __init__(
        self, rules: RuleSet, guards: Guards | None = None, tables: Tables | None = None
    ) -> None:
        self.rules = rules
        self.guards = guards
        self.tables = whole(made(enumerate(rules.rules))) if tables is None else tables
        self._probes = self.tables.probes

    def decide(self, facts: Facts) -> Decision:
        """The first rule in order whose conditions all hold; there always is one."""
        return guarded(self.first(facts), facts, self.guards)

    def first(self, facts: Facts) -> Decision:
        """The same, whatever the guards say of it."""
        best: int = NOWHERE
        found: Rule | None = None
        for least, read, table in self._probes:
            if least > best:
                break
            for place, rest, rule in table.get(read(facts), ()):
                if place > best:
                    break
                for condition in rest:
                    if not condition.holds(facts):
                        break
                else:
                    best, found = place, rule
                    break
        if found is None:
            raise LookupError("a rule set without an unconditional rule was compiled")
        return decision_of(found, self.rules.version)

    def held(self) -> Iterator[list[object]]:
        """The many things that it is made of, for whoever lets go of them a few at a time."""
        for _, _, table in self._probes:
            yield [*table.items()]
        yield [*self.rules.rules]

    def numbered(self, version: int) -> "Router":
        """The same rules under another version's number."""
        return Router(replace(self.rules, version=version), self.guards, self.tables)


def router_in_slices(rules: RuleSet, guards: Guards | None = None) -> Generator[None, None, Router]:
    """The router, made a little at a time: whoever drives it may let calls through at each step,
    and gets it at the end."""
    tables = yield from made(enumerate(rules.rules))
    return Router(rules, guards, tables)


def guarded(decision: Decision, facts: Facts, guards: Guards | None) -> Decision:
    """The decision as it stands after what no rule can break."""
    if guards is None or not guards.seals(facts):
        return decision
    office = guards.instead(facts, decision.office)
    if office is not None:
        return Decision(f"{GUARD}{decision.rule}", office, How.PUT_THROUGH, True, decision.version)
    return decision if decision.confidential else replace(decision, confidential=True)


def naive(rules: RuleSet, facts: Facts, guards: Guards | None = None) -> Decision:
    """The same answer by trying each rule in turn: the router's reference in tests."""
    for rule in rules.rules:
        if rule.enabled and _holds(rule.when, facts):
            return guarded(decision_of(rule, rules.version), facts, guards)
    raise LookupError("a rule set without an unconditional rule was tried")


def decision_of(rule: Rule, version: int) -> Decision:
    """What a rule decides."""
    return Decision(rule.id, rule.office, rule.how, rule.confidential, version)


def _holds(conditions: Sequence[Condition], facts: Facts) -> bool:
    return all(isinstance(condition.check(facts), Passed) for condition in conditions)


def whole(steps: Generator[None, None, T]) -> T:
    """What a generator returns in the end, without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's return has no type here
