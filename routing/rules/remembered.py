"""What was read of a plan's parts, kept for the next plan: of 100,000 rules one edit changes one
part, and all others are taken as they were read (ADR 45)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from routing.register import Directory
from routing.rules.document import HEAD, TAIL, compiled_rules, rules_in
from routing.rules.fields import Known, read_rule
from routing.rules.parts import Part, Parts, joined
from routing.rules.ruleset import Rule, RuleSet, drawn

Read = Mapping[str, tuple[Rule, ...]]
"""The rules of each part, by its hash."""
NOTHING: Final[Read] = {}
LEAST: Final = 3
"""Parts of a text: its head, rules, its end."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read for a register and a zone."""

    directory: Directory | None
    zone: tzinfo | None
    read: Read


class Remembered:
    """The rules of the parts of one plan, as they were read for its register and zone: in memory
    with that plan, whose rules they are."""

    def __init__(self) -> None:
        self._known = _Known(None, None, NOTHING)

    def rule_set(self, parts: Parts, directory: Directory, zone: tzinfo, version: int) -> RuleSet:
        """The rule set that the text of these parts stands for. Raises as `compiled_rules`."""
        known = self._known  # as a whole: another thread may put its own in place meanwhile
        alike = (known.directory, known.zone) == (directory, zone)
        found = _found(parts, Known.of(directory, zone), known.read if alike else NOTHING)
        if found is None:  # at fault, which whoever reads all of it says better
            return compiled_rules(joined(parts), directory, zone, version)
        own = [rule for part in parts[1:-1] for rule in found[part.sha256]]
        head = HEAD.match(parts[0].text + "{")
        follow = tuple(drawn(directory)) if head is not None and head[1] == "true" else ()
        if not {rule.id for rule in follow}.isdisjoint([rule.id for rule in own]):
            return compiled_rules(joined(parts), directory, zone, version)
        made = RuleSet(version, (*own, *follow), "admin", "", own=len(own))
        self._known = _Known(directory, zone, found)
        return made


def _found(parts: Parts, known: Known, read: Read) -> Read | None:
    """None where a part has a fault, or the text is none that was cut."""
    if len(parts) < LEAST or parts[-1].text != TAIL:
        return None
    found: dict[str, tuple[Rule, ...]] = {}
    for part in parts[1:-1]:
        rules = read.get(part.sha256) or _rules_of(part, known)
        if rules is None:
            return None
        found[part.sha256] = rules
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
