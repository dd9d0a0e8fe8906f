"""Rules compiled for the call: one dict per set of bound facts, probe each, keep the best
priority, time conditions on survivors only (performance §3). `naive` is its reference."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from routing.rules.condition import Between, Facts, Is, Passed
from routing.rules.ruleset import How, Rule, RuleSet


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


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rule at its place in the order; `times` are checked only when the key matched."""

    place: int
    times: tuple[Between, ...]
    decision: Decision


Key = tuple[Hashable, ...]


class Router:
    """A compiled rule set: immutable once made, swapped as a whole."""

    __slots__ = ("_tables", "rules")

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        tables: dict[tuple[str, ...], dict[Key, list[_Entry]]] = {}
        for place, rule in enumerate(rules.rules):
            names, key = _bound(rule)
            if key is not None:
                entry = _Entry(place, _times(rule), decision_of(rule, rules.version))
                tables.setdefault(names, {}).setdefault(key, []).append(entry)
        self._tables = tuple((names, table) for names, table in tables.items())

    def decide(self, facts: Facts) -> Decision:
        """The first rule in order whose conditions all hold; there always is one."""
        best: _Entry | None = None
        for names, table in self._tables:
            entries = table.get(tuple([getattr(facts, name) for name in names]))
            if entries is None or (best is not None and entries[0].place > best.place):
                continue
            for entry in entries:
                if best is not None and entry.place > best.place:
                    break
                if all(isinstance(time.check(facts), Passed) for time in entry.times):
                    best = entry
                    break
        if best is None:
            raise LookupError("a rule set without an unconditional rule was compiled")
        return best.decision


def naive(rules: RuleSet, facts: Facts) -> Decision:
    """The same answer by trying each rule in turn: the router's reference in tests."""
    for rule in rules.rules:
        if all(isinstance(condition.check(facts), Passed) for condition in rule.when):
            return decision_of(rule, rules.version)
    raise LookupError("a rule set without an unconditional rule was tried")


def decision_of(rule: Rule, version: int) -> Decision:
    """What a rule decides."""
    return Decision(rule.id, rule.office, rule.how, rule.confidential, version)


def _bound(rule: Rule) -> tuple[tuple[str, ...], Key | None]:
    """The facts that the rule binds, sorted by name, and their values; no key where the rule
    binds one fact to two values and so can never match."""
    values: dict[str, Hashable] = {}
    for condition in rule.when:
        if not isinstance(condition, Is):
            continue
        if values.setdefault(condition.field.value, condition.value) != condition.value:
            return (), None
    names = tuple(sorted(values))
    return names, tuple(values[name] for name in names)


def _times(rule: Rule) -> tuple[Between, ...]:
    return tuple(condition for condition in rule.when if isinstance(condition, Between))
