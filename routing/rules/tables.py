"""The tables that a router probes: one dict per set of bound facts, from the values of these facts
to what is asked on survivors. Made of all rules, or of the tables of the plan before and what one
edit changed (ADR 50): those that live calls still use are never touched."""

import sys
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from operator import attrgetter, itemgetter
from typing import Final

from routing.rules.condition import Condition, Facts, Field, Is, OneOf
from routing.rules.ruleset import Rule

MOST_KEYS: Final = 64
"""Entries of one rule in a dict: one with more combinations of values is asked about the values of
its longest list on survivors, like a moment."""
SLICE: Final = 8
"""Rules between two chances to let something else run: a tenth of a millisecond."""
NOWHERE: Final = sys.maxsize
"""After every rule."""
NAMES: Final = {field: field.value for field in Field}
"""Of the facts, without asking an enum for each of many rules."""

Entry = tuple[int, tuple[Condition, ...], Rule]
"""A rule's place in the order, what is asked only when its key matched, and the rule. Plain tuples:
a call's memory is what a probe waits for, and each object is one more place in it. No entry holds
the version's number: the tables of a plan that was reviewed are those of the published one."""
Key = Hashable
"""The bound values: one as it is, more as a tuple, as `attrgetter` gives them."""
Names = tuple[str, ...]
Read = Callable[[Facts], Key]
Table = Mapping[Key, Sequence[Entry]]
Probe = tuple[int, Read, Table]
Placed = tuple[int, Rule]
"""A rule under a number that grows along the order; what lies between two numbers says nothing."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The facts that each binds, and the tables, by the place of the first rule of each, so that
    none is probed that could not do better. That place may be one that an edit has emptied."""

    names: tuple[Names, ...]
    probes: tuple[Probe, ...]

    @classmethod
    def of(cls, tables: Mapping[Names, Table], least: Mapping[Names, int]) -> "Tables":
        """Those that hold anything."""
        order = sorted((names for names in tables if tables[names]), key=least.__getitem__)
        return cls(
            tuple(order), tuple((least[names], _reader(names), tables[names]) for names in order)
        )


@dataclass(frozen=True, slots=True)
class Bound:
    """The facts that a rule binds, sorted by name, every combination of their values, and the
    conditions that are left. No combination: two conditions contradict each other."""

    names: Names
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


def _entries(placed: Placed) -> Iterator[tuple[Names, Key, Entry]]:
    """Where a rule stands, and what stands there."""
    place, rule = placed
    if not rule.enabled:
        return
    found = bound(rule.when)
    entry = (place, found.rest, rule)
    for key in found.keys:
        yield found.names, key[0] if len(key) == 1 else key, entry


def made(rules: Iterable[Placed]) -> Generator[None, None, Tables]:
    """The tables of these rules, in order, made a little at a time."""
    tables: dict[Names, dict[Key, Sequence[Entry]]] = {}
    least: dict[Names, int] = {}
    for nth, placed in enumerate(rules):
        if nth % SLICE == 0:
            yield
        for names, key, entry in _entries(placed):
            table = tables.get(names)
            if table is None:
                table, least[names] = tables.setdefault(names, {}), placed[0]
            _put(table, key, entry)
    return Tables.of(tables, least)


def _put(table: dict[Key, Sequence[Entry]], key: Key, entry: Entry) -> None:
    """Nearly every key has one entry: a tuple of one takes half of a list's memory."""
    found = table.get(key)
    if found is None:
        table[key] = (entry,)
    elif isinstance(found, list):
        found.append(entry)
    else:
        table[key] = [*found, entry]


@dataclass(slots=True)
class _Edit:
    """Of one key: the places that are emptied, and what comes."""

    gone: set[int] = field(default_factory=set)
    come: list[Entry] = field(default_factory=list)

    def of(self, before: Sequence[Entry]) -> Sequence[Entry]:
        stays = [entry for entry in before if entry[0] not in self.gone]
        return tuple(sorted((*stays, *self.come), key=itemgetter(0)))


def changed(before: Tables, gone: Iterable[Placed], come: Iterable[Placed]) -> Tables:
    """The tables without some rules, at the places that they had, and with others. Only those in
    which one of them stands are copied; all that is in them is shared."""
    edits: dict[Names, dict[Key, _Edit]] = {}
    for placed in gone:
        for names, key, entry in _entries(placed):
            edits.setdefault(names, {}).setdefault(key, _Edit()).gone.add(entry[0])
    for placed in come:
        for names, key, entry in _entries(placed):
            edits.setdefault(names, {}).setdefault(key, _Edit()).come.append(entry)
    tables: dict[Names, Table] = {}
    least: dict[Names, int] = {}
    for names, (first, _, table) in zip(before.names, before.probes, strict=True):
        tables[names], least[names] = table, first
    for names, keys in edits.items():
        tables[names] = _edited(tables.get(names, {}), keys)
        places = [least.get(names, NOWHERE)]
        places += [entry[0] for edit in keys.values() for entry in edit.come]
        least[names] = min(places)
    return Tables.of(tables, least)


def _edited(before: Table, keys: Mapping[Key, _Edit]) -> Table:
    table = {**before}
    for key, edit in keys.items():
        if left := edit.of(table.get(key, ())):
            table[key] = left
        else:
            table.pop(key, None)
    return table


def _reader(names: Names) -> Read:
    return attrgetter(*names) if names else _nothing


def _nothing(_: Facts) -> Key:
    return ()
