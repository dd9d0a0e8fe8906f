"""What an edit leaves of the router's tables decides as if all of it were made anew, and those
that calls still use are not touched."""

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.rules.condition import Between, Facts, Field, Is
from routing.rules.router import Router, naive, whole
from routing.rules.ruleset import Rule, RuleSet
from routing.rules.tables import Placed, changed, made
from tests.routing.rules.test_rules import NOW, asked_facts, facts, rule_sets

Rules = dict[int, Rule]


def set_of(rules: Rules) -> RuleSet:
    """Under ids of their own, in order."""
    return RuleSet(1, tuple(rule for _, rule in sorted(rules.items())), "me", "why")


@st.composite
def edits(draw: st.DrawFn) -> tuple[Rules, Rules]:
    """Rules by their places, and the same after some went and others came."""
    first = {10 * at: rule for at, rule in enumerate(draw(rule_sets()).rules)}
    last = max(first)
    gone = draw(st.sets(st.sampled_from([*first]))) - {last}
    others = draw(rule_sets()).rules[:-1]
    free = st.integers(-5, last - 1).filter(lambda at: at not in first or at in gone)
    at = draw(st.lists(free, unique=True, min_size=len(others), max_size=len(others)))
    come = {
        place: Rule(f"new {place}", "", rule.when, f"to {place}", enabled=rule.enabled)
        for place, rule in zip(at, others, strict=True)
    }
    return first, {place: rule for place, rule in first.items() if place not in gone} | come


def other(ones: Rules, others: Rules) -> list[Placed]:
    return [(place, rule) for place, rule in ones.items() if others.get(place) is not rule]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(edits(), st.lists(asked_facts, min_size=1, max_size=5))
def test_an_edit_decides_as_if_all_were_made_anew(
    edit: tuple[Rules, Rules], asked: list[Facts]
) -> None:
    first, second = edit
    before = Router(set_of(first), tables=whole(made(sorted(first.items()))))
    tables = changed(before.tables, other(first, second), other(second, first))
    after = Router(set_of(second), tables=tables)

    for one in asked:
        assert after.decide(one) == naive(after.rules, one)
        assert before.decide(one) == naive(before.rules, one), "what calls still use"


def test_one_edit_copies_one_table_and_nothing_in_it() -> None:
    by_topic = [Rule(f"t{n}", "", (Is(Field.TOPIC, f"t{n}"),), "x") for n in range(50)]
    by_group = [Rule(f"g{n}", "", (Is(Field.GROUP, n),), "x") for n in range(50)]
    rules = [*by_topic, *by_group, Rule("last", "", (), "y")]
    before = whole(made(enumerate(rules)))
    after = changed(before, [(7, rules[7])], [(7, Rule("t7", "", rules[7].when, "z"))])

    topics, groups, rest = (dict(table) for _, _, table in after.probes)
    for key, entries in before.probes[0][2].items():
        assert (topics[key] is entries) is (key != "t7")
    assert [t[2] for t in after.probes[1:]] == [t[2] for t in before.probes[1:]]
    assert after.probes[1][2] is before.probes[1][2]
    assert len(topics) == len(groups) == 50
    assert len(rest) == 1


def test_what_holds_nothing_any_more_is_not_probed() -> None:
    ended = Rule("ended", "", (Is(Field.TOPIC, "a"), Between(None, NOW)), "x")
    last = Rule("last", "", (), "y")
    before = whole(made([(1, ended), (2, last)]))
    after = changed(before, [(1, ended)], [])

    assert [names for names, _ in zip(after.names, after.probes, strict=True)] == [()]
    assert Router(RuleSet(1, (last,), "me", ""), tables=after).decide(facts()).rule == "last"
