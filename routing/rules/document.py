"""Rules as people wrote them: a JSON text that is kept with the plan, and the rules that it stands
for. What cannot be taken is a fault with its rule, its field and a sentence in both languages.
`fields` reads the parts of one rule; the counterpart of `ruleset.drawn`, which makes rules of the
register (ADR 35)."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Final

from routing.register import Directory
from routing.rules.errors import RuleSetError
from routing.rules.fields import Known, read_rule, rule_to_plain
from routing.rules.ruleset import Rule, RuleSet, drawn
from routing.rules.wording import RuleFault, fault

SCHEMA: Final = 1
MOST_RULES: Final = 200_000
Body = Mapping[str, Any]
"""One rule as JSON-ready values."""


@dataclass(frozen=True, slots=True)
class Written:
    """The text's content: the rules that people wrote, in order, by id; and whether those that are
    drawn from the register follow them."""

    rules: Mapping[str, Body]
    drawn: bool = True

    def to_text(self) -> str:
        """As it is kept; "" for what says nothing."""
        if not self.rules and self.drawn:
            return ""
        rules = BETWEEN.join([_dumped(rule) for rule in self.rules.values()])
        return f'{{"drawn": {_dumped(self.drawn)}, "rules": [{rules}], "schema": {SCHEMA}}}'


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


HEAD: Final = re.compile(r'\{"drawn": (true|false), "rules": \[(?=\{)')
TAIL: Final = f'], "schema": {SCHEMA}}}'
BETWEEN: Final = ", "
_decoded: Final = json.JSONDecoder().raw_decode


def _loaded(text: str) -> object:
    """What `json.loads` gives. The JSON library lets no other thread run until it is done, which
    for 100,000 rules is a tenth of a second: what `to_text` wrote is read rule by rule. Raises
    ValueError, RecursionError."""
    head = HEAD.match(text)
    if head is None or not text.endswith(TAIL):
        return json.loads(text)
    rules, at, end = [], head.end(), len(text) - len(TAIL)
    while True:
        rule, at = _decoded(text, at)
        rules.append(rule)
        if at == end:
            return {"drawn": head[1] == "true", "rules": rules, "schema": SCHEMA}
        if not text.startswith(BETWEEN, at):
            return json.loads(text)  # written by hand, or at fault, which it says better
        at += len(BETWEEN)


def after_rule(text: str, at: int, last: int) -> int | None:
    """Where the rule that begins at `at` ends, with what stands between it and the next; `last` is
    the end of all. None where `Written` does not write so."""
    try:
        _, end = _decoded(text, at)
    except ValueError:
        return None
    if end == last:
        return end
    return end + len(BETWEEN) if text.startswith(BETWEEN, end) else None


def rules_in(text: str) -> list[Body]:
    """The rules of a piece of the list, which ends where `after_rule` says. Raises ValueError."""
    listed: list[Body] = json.loads(f"[{text.removesuffix(BETWEEN)}]")
    return listed


class RulesError(RuleSetError):
    """Rules that cannot be compiled; nothing was taken from them."""

    def __init__(self, faults: Sequence[RuleFault]) -> None:
        said = "\n".join(map(str, faults))
        super().__init__(said, "\n".join(fault.says["zh-CN"] for fault in faults))
        self.faults = tuple(faults)

    def __reduce__(self) -> tuple[type["RulesError"], tuple[Sequence[RuleFault]]]:
        """Copied out of another process whole."""
        return RulesError, (self.faults,)


def written(text: str) -> Written:
    """What a text holds, its rules as they stand. Raises RulesError where it is no such text, or
    two rules have one id."""
    return _reading[-1](text)


def keep_last_read(many: int) -> None:
    """From now on the last `many` texts are kept as they were read. For a process of its own, that
    puts one plan together and reads the same text for each kind of entity."""
    _reading.append(lru_cache(maxsize=many)(_read))


def _read(text: str) -> Written:
    if not text.strip():
        return Written({})
    try:
        whole = _loaded(text)
    except (ValueError, RecursionError) as wrong:
        raise RulesError([fault("", "", "not_json", why=str(wrong))]) from wrong
    if not isinstance(whole, dict) or whole.get("schema") != SCHEMA:
        raise RulesError([fault("", "", "schema", schema=SCHEMA)])
    listed, follows = whole.get("rules"), whole.get("drawn", True)
    if not isinstance(listed, list) or not isinstance(follows, bool) or len(listed) > MOST_RULES:
        raise RulesError([fault("", "", "not_a_list", most=MOST_RULES)])
    rules: dict[str, Body] = {}
    faults: list[RuleFault] = []
    for place, body in enumerate(listed, start=1):
        id_ = body.get("id") if isinstance(body, dict) else None
        if not isinstance(id_, str) or not id_:
            faults.append(fault("", "id", "no_id", place=place))
        elif id_ in rules:
            faults.append(fault(id_, "id", "id_twice", id=id_))
        else:
            rules[id_] = body
    if faults:
        raise RulesError(faults)
    return Written(rules, follows)


_reading: Final[list[Callable[[str], Written]]] = [_read]
"""How a text is read: the last one counts."""


def compiled_rules(text: str, directory: Directory, zone: tzinfo, version: int) -> RuleSet:
    """The whole rule set: what was written, then what is drawn, if that follows. Raises RulesError
    with every fault, and RuleSetError."""
    found = written(text)
    own, faults = read_rules(found, directory, zone)
    if faults:
        raise RulesError(faults)
    rules = (*own, *(drawn(directory) if found.drawn else ()))
    if not rules or rules[-1].when or not rules[-1].enabled:
        raise RulesError([fault(rules[-1].id if rules else "", "when", "no_default")])
    return RuleSet(version, rules, "admin" if own else "system", "", own=len(own))


def read_rules(
    found: Written, directory: Directory, zone: tzinfo
) -> tuple[tuple[Rule, ...], tuple[RuleFault, ...]]:
    """The rules that people wrote, and all that is wrong with them; a faulty one is left out."""
    known = Known.of(directory, zone)
    rules: list[Rule] = []
    faults: list[RuleFault] = []
    reserved = {rule.id for rule in drawn(directory)} if found.drawn and found.rules else set()
    for id_, body in found.rules.items():
        rule, wrong = read_rule(id_, body, known)
        if id_ in reserved:
            wrong = (*wrong, fault(id_, "id", "id_drawn", id=id_))
        faults.extend(wrong)
        if rule is not None and not wrong:
            rules.append(rule)
    return tuple(rules), tuple(faults)


def written_out(rules: Iterable[Rule]) -> Written:
    """A rule set as if people had written it, so that an admin starts from what runs."""
    return Written({rule.id: rule_to_plain(rule) for rule in rules}, drawn=False)


ORDER: Final = "order"
"""The one entity that says in which order rules are tried, and whether drawn ones follow."""


def order_of(found: Written) -> Body:
    """The order as an entity of a draft."""
    return {"order": [*found.rules], "drawn": found.drawn}


def with_rules(found: Written, rules: Mapping[str, Body]) -> Written:
    """Exactly these rules; a new one comes last, but before a last rule without conditions."""
    numbered: dict[str, Body] = {id_: {**body, "id": id_} for id_, body in rules.items()}
    return _last_stays(numbered, next(reversed([*found.rules]), None), follows=found.drawn)


def same(one: Written, other: Written) -> bool:
    """Whether two say the same, in the same order."""
    return one.drawn == other.drawn and [*one.rules.items()] == [*other.rules.items()]


def with_order(found: Written, order: Body) -> Written:
    """In this order. Rules that it does not name come after those that it names; names of rules
    that are gone are passed over."""
    listed = order.get("order")
    named = [id_ for id_ in listed if isinstance(id_, str)] if isinstance(listed, list) else []
    known = [id_ for id_ in named if id_ in found.rules]
    ids = dict.fromkeys((*known, *found.rules))
    follows = order.get("drawn", found.drawn) is not False
    return _last_stays(
        {id_: found.rules[id_] for id_ in ids}, known[-1] if known else None, follows=follows
    )


def _last_stays(rules: dict[str, Body], last: str | None, *, follows: bool) -> Written:
    """The rule without conditions that was last is so again: else none behind it would apply."""
    if not follows and last is not None and last in rules and not rules[last].get("when"):
        rules[last] = rules.pop(last)
    return Written(rules, follows)
