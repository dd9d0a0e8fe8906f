"""Rules compiled for the call: one dict per set of bound facts, probe each, keep the best
priority, moments on survivors only (performance §3). `naive` is its reference; what no rule can
break is held up behind both (`guards`)."""

import sys
from collections.abc import Callable, Generator, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from operator import attrgetter
from typing import Any, Final, TypeVar

from routing.rules.condition import Condition, Facts, Field, Is, OneOf, Passed
from routing.rules.guards import Guards
from routing.rules.ruleset import How, Rule, RuleSet

T = TypeVar("T")
MOST_KEYS: Final = 64
"""Entries of one rule in a dict: one with more combinations of values is asked about the values of
its longest list on survivors, like a moment."""
SLICE: Final = 8
"""Rules between two chances to let something else run: a tenth of a millisecond."""
NOWHERE: Final = sys.maxsize
"""After every rule."""
NAMES: Final = {field: field.value for field in Field}
"""Of the facts, without asking an enum for each of many rules."""
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


Entry = tuple[int, tuple[Condition, ...], Rule]
"""A rule's place in the order, what is asked only when its key matched, and the rule. Plain tuples:
a call's memory is what a probe waits for, and each object is one more place in it. No entry holds
the version's number: the tables of a plan that was reviewed are those of the published one."""
Key = Hashable
"""The bound values: one as it is, more as a tuple, as `attrgetter` gives them."""
Read = Callable[[Facts], Key]
Table = Mapping[Key, Sequence[Entry]]
Tables = tuple[tuple[int, Read, Table], ...]
"""By the place of the first rule of each, so that none is probed that could not do better."""


class Router:
    """A compiled rule set: immutable once made, swapped as a whole."""

    __slots__ = ("_tables", "guards", "rules")

    def __init__(
        self, rules: RuleSet, guards: Guards | None = None, tables: "Tables | None" = None
    ) -> None:
        self.rules = rules
        self.guards = guards
        self._tables = whole(_tables(rules)) if tables is None else tables

    def decide(self, facts: Facts) -> Decision:
        """The first rule in order whose conditions all hold; there always is one."""
        return guarded(self.first(facts), facts, self.guards)

    def first(self, facts: Facts) -> Decision:
        """The same, whatever the guards say of it."""
        best: int = NOWHERE
        found: Rule | None = None
        for least, read, table in self._tables:
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
        for _, _, table in self._tables:
            yield [*table.items()]
        yield [*self.rules.rules]

    def numbered(self, version: int) -> "Router":
        """The same rules under another version's number."""
        return Router(replace(self.rules, version=version), self.guards, self._tables)


def router_in_slices(rules: RuleSet, guards: Guards | None = None) -> Generator[None, None, Router]:
    """The router, made a little at a time: whoever drives it may let calls through at each step,
    and gets it at the end."""
    tables = yield from _tables(rules)
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


@dataclass(frozen=True, slots=True)
class Bound:
    """The facts that a rule binds, sorted by name, every combination of their values, and the
    conditions that are left. No combination: two conditions contradict each other."""

    names: tuple[str, ...]
    keys: tuple[tuple[Hashable, ...], ...]
    rest: tuple[Condition, ...]


def bound(when: Sequence[Condition]) -> Bound:
    """What can be looked up of a rule's conditions."""
    plain: dict[str, Hashable] = {}
    moments: list[Condition] = []
    for condition in when:
        if isinstance(condition, OneOf) or getattr(condition, "field", None) in plain:
            return _bound_lists(when)
        if isinstance(condition, Is):
            plain[NAMES[condition.field]] = condition.value
        else:
            moments.append(condition)
    names = tuple(sorted(plain))  # nearly every rule, and a register draws a lot of them
    return Bound(names, (tuple([plain[name] for name in names]),), tuple(moments))


def _bound_lists(when: Sequence[Condition]) -> Bound:
    """The same where a fact has several values, or is asked for twice."""
    allowed: dict[str, list[Hashable]] = {}
    rest: list[Condition] = []
    for condition in when:
        if not isinstance(condition, Is | OneOf):
            rest.append(condition)
            continue
        name, values = condition.field.value, _values(condition)
        allowed[name] = [v for v in allowed.get(name, values) if v in values]
    while prod(map(len, allowed.values())) > MOST_KEYS:
        longest = max(allowed, key=lambda name: len(allowed[name]))
        allowed.pop(longest)
        rest.extend(c for c in when if isinstance(c, Is | OneOf) and c.field.value == longest)
    names = tuple(sorted(allowed))
    return Bound(names, tuple(product(*(allowed[name] for name in names))), tuple(rest))


def _values(condition: Is | OneOf) -> tuple[Hashable, ...]:
    if isinstance(condition, Is):
        return (condition.value,)
    return tuple(dict.fromkeys(condition.values))


def _holds(conditions: Sequence[Condition], facts: Facts) -> bool:
    return all(isinstance(condition.check(facts), Passed) for condition in conditions)


def _tables(rules: RuleSet) -> Generator[None, None, Tables]:
    tables: dict[tuple[str, ...], dict[Key, list[Entry]]] = {}
    least: dict[tuple[str, ...], int] = {}
    for place, rule in enumerate(rules.rules):
        if place % SLICE == 0:
            yield
        if not rule.enabled:
            continue
        found = bound(rule.when)
        entry = (place, found.rest, rule)
        table = tables.setdefault(found.names, {})
        least.setdefault(found.names, place)
        for key in found.keys:
            table.setdefault(key[0] if len(key) == 1 else key, []).append(entry)
    return tuple((least[names], _reader(names), table) for names, table in tables.items())


def _reader(names: tuple[str, ...]) -> Read:
    return attrgetter(*names) if names else _nothing


def _nothing(_: Facts) -> Key:
    return ()


def whole(steps: Generator[None, None, T]) -> T:
    """What a generator returns in the end, without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's return has no type here
