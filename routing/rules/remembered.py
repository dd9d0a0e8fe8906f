"""What was made of a plan's parts, kept for the next plan: of 100,000 rules one edit changes one
part, and all others are taken as they were read (ADR 45), with what the router's tables hold of
them (ADR 50)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import chain
from typing import Final

from routing.register import Directory
from routing.rules.document import HEAD, TAIL, compiled_rules, rules_in
from routing.rules.errors import RuleSetError
from routing.rules.fields import Known, read_rule
from routing.rules.parts import Part, Parts, joined
from routing.rules.places import Places, kept, spread
from routing.rules.router import Router, whole
from routing.rules.ruleset import Rule, RuleSet, drawn
from routing.rules.tables import Placed, Tables, changed, made

Read = Mapping[str, tuple[Rule, ...]]
"""The rules of each part, in order, by its hash; those drawn from the register by DRAWN."""
DRAWN: Final = "drawn"
LEAST: Final = 3
"""Parts of a text: its head, rules, its end."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was made for a register and a zone."""

    directory: Directory | None = None
    zone: tzinfo | None = None
    read: Read = field(default_factory=dict)
    places: Places | None = None
    tables: Tables | None = None


class Remembered:
    """The rules of the parts of one plan and their tables, for its register and zone: in memory
    with that plan, whose they are."""

    def __init__(self) -> None:
        self._known = _Known()

    def router(self, parts: Parts, directory: Directory, zone: tzinfo, version: int) -> Router:
        """The compiled rules that the text of these parts stands for, nothing held up behind them.
        Raises as `compiled_rules`."""
        known = self._known  # as a whole: another thread may put its own in place meanwhile
        if (known.directory, known.zone) != (directory, zone):
            known = _Known(directory, zone)
        read = _read(parts, known)
        rules = None if read is None else _rule_set(read, version)
        if read is None or rules is None:  # at fault, which whoever reads all of it says better
            return Router(compiled_rules(joined(parts), directory, zone, version))
        self._known = made = _with(known, read)
        return Router(rules, tables=made.tables)


def _rule_set(read: Read, version: int) -> RuleSet | None:
    """None where it has a fault as a whole."""
    rules = tuple(chain.from_iterable(read.values()))
    try:
        return RuleSet(version, rules, "admin", "", own=len(rules) - len(read.get(DRAWN, ())))
    except RuleSetError:
        return None


def _read(parts: Parts, known: _Known) -> Read | None:
    """None where a part has a fault, or the text is none that was cut."""
    head = HEAD.match(parts[0].text + "{") if len(parts) >= LEAST else None
    if head is None or parts[-1].text != TAIL or known.directory is None or known.zone is None:
        return None
    may_name = Known.of(known.directory, known.zone)
    found: dict[str, tuple[Rule, ...]] = {}
    for part in parts[1:-1]:
        rules = known.read.get(part.sha256) or _rules_of(part, may_name)
        if rules is None:
            return None
        found[part.sha256] = rules
    if len(found) < len(parts) - 2:  # one part twice
        return None
    if head[1] == "true":
        found[DRAWN] = known.read.get(DRAWN) or tuple(drawn(known.directory))
    return found


def _rules_of(part: Part, known: Known) -> tuple[Rule, ...] | None:
    """None where one has a fault."""
    rules: list[Rule] = []
    for body in rules_in(part.text):
        id_ = body.get("id") if isinstance(body, dict) else None
        rule, faults = read_rule(id_, body, known) if isinstance(id_, str) and id_ else (None, ())
        if rule is None or faults:
            return None
        rules.append(rule)
    return tuple(rules)


def _with(known: _Known, read: Read) -> _Known:
    """The same register with these rules; tables are made anew only where little is as it was."""
    new = [name for name in read if name not in known.read]
    places = kept(known.places, [*read]) if known.places and 2 * len(new) <= len(read) else None
    if places is None or known.places is None or known.tables is None:
        places = spread([*read])
        tables = whole(made(_placed(read, places, read)))
    else:
        gone = dict(_placed(known.read, known.places, known.read.keys() - read.keys()))
        come = dict(_placed(read, places, new))
        tables = changed(known.tables, _other(gone, come), _other(come, gone))
    return _Known(known.directory, known.zone, read, places, tables)


def _placed(read: Read, places: Places, names: Iterable[str]) -> Iterator[Placed]:
    """The rules of these parts, each at its place."""
    for name in names:
        yield from enumerate(read[name], places[name])


def _other(ones: Mapping[int, Rule], others: Mapping[int, Rule]) -> Iterator[Placed]:
    """Those that are not alike at the same place."""
    return ((place, rule) for place, rule in ones.items() if others.get(place) != rule)
