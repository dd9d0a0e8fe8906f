"""Rules that never apply: their conditions contradict each other, or rules before them take all of
it. The counterpart of `router`, whose tables it probes. Used by `review`."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from routing.findings import Finding, Level, Place
from routing.rules.condition import Between, Condition, During
from routing.rules.ruleset import Rule, RuleSet
from routing.rules.tables import bound
from routing.rules.wording import both, names_of
from routing.week import Period


def of_rule(rule: Rule, code: str, zh: str, en: str, level: Level = Level.WARNING) -> Finding:
    """A finding beside a rule."""
    return Finding(code, level, both(zh, en), Place("rule", rule.id))


@dataclass(frozen=True, slots=True)
class _Earlier:
    rule: Rule
    rest: tuple[Condition, ...]


def shadowed(rules: RuleSet) -> Iterator[Finding]:
    """Rules before which others take all that they could. A drawn rule that a written one stands
    before is what the writer wanted."""
    tables: dict[tuple[str, ...], dict[tuple[Hashable, ...], list[_Earlier]]] = {}
    for rule in rules.written:
        if not rule.enabled:
            continue
        parts, name = bound(rule.when), names_of(rule.name)
        if not parts.keys:
            yield of_rule(
                rule,
                "never",
                f"规则“{name['zh-CN']}”的条件互相矛盾，永远不会适用。",
                f"The conditions of rule “{name['en']}” contradict each other; it never applies.",
            )
            continue
        hiding = [_hider(tables, parts.names, key, parts.rest) for key in parts.keys]
        if all(hiding):
            first = next(one for one in hiding if one is not None)
            before = names_of(first.rule.name)
            yield of_rule(
                rule,
                "shadowed",
                f"规则“{name['zh-CN']}”永远轮不到：排在前面的“{before['zh-CN']}”已经全部拦下。"
                "请把它移到前面，或者删除。",
                f"Rule “{name['en']}” never applies: “{before['en']}” before it takes all of it. "
                "Move it up, or take it out.",
            )
        entry = _Earlier(rule, parts.rest)
        for key in parts.keys:
            tables.setdefault(parts.names, {}).setdefault(key, []).append(entry)


def _hider(
    tables: Mapping[tuple[str, ...], Mapping[tuple[Hashable, ...], Sequence[_Earlier]]],
    names: tuple[str, ...],
    key: tuple[Hashable, ...],
    rest: tuple[Condition, ...],
) -> _Earlier | None:
    """An earlier rule that applies wherever this one does, for one combination of values."""
    values = dict(zip(names, key, strict=True))
    for theirs, table in tables.items():
        if not values.keys() >= set(theirs):
            continue
        for entry in table.get(tuple(values[name] for name in theirs), ()):
            if all(any(_implies(mine, asked) for mine in rest) for asked in entry.rest):
                return entry
    return None


def _implies(mine: Condition, theirs: Condition) -> bool:
    """Whether theirs holds wherever mine does."""
    if mine == theirs:
        return True
    if isinstance(mine, Between) and isinstance(theirs, Between):
        after = theirs.start is None or (mine.start is not None and mine.start >= theirs.start)
        before = theirs.end is None or (mine.end is not None and mine.end <= theirs.end)
        return after and before
    if isinstance(mine, During) and isinstance(theirs, During) and mine.zone == theirs.zone:
        days = zip(mine.week.days, theirs.week.days, strict=True)
        return all(_within(periods, theirs_) for periods, theirs_ in days)
    return False


def _within(periods: tuple[Period, ...], wider: tuple[Period, ...]) -> bool:
    return all(any(w.start <= p.start and p.end <= w.end for w in wider) for p in periods)
