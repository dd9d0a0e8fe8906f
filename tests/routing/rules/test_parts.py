"""Many rules in parts: what is put together is the text as it was, and one edit moves one part."""

import pickle
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.world import Plan
from routing.drafts.body import CUT_FROM, CutBody, in_parts, same, with_parts
from routing.rules.condition import CallerKind, Facts
from routing.rules.document import RulesError, Written, compiled_rules
from routing.rules.parts import MOST_TOGETHER, Part, cut, joined
from routing.rules.remembered import Remembered
from routing.rules.router import Router

MANY = 3000
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def rule(number: int, **more: object) -> Mapping[str, Any]:
    """One that the demonstration's register knows."""
    then = {"office": "市教育局"}
    return {"id": f"r{number}", "name": f"规则 {number}", "when": {"topic": ["power"]}} | {
        "then": then, **more,
    }  # fmt: skip


def text_of(rules: Mapping[str, Mapping[str, Any]]) -> str:
    return Written(rules).to_text()


@pytest.fixture(scope="module")
def many() -> dict[str, Mapping[str, Any]]:
    """By id, as a draft has them."""
    return {f"r{n}": rule(n) for n in range(MANY)}


def test_parts_are_the_text_as_it_was(many: dict[str, Mapping[str, Any]]) -> None:
    text = text_of(many)
    parts = cut(text)
    assert parts is not None
    assert joined(parts) == text
    assert len(parts) > MANY / MOST_TOGETHER


def test_a_rule_more_less_or_other_moves_one_part(many: dict[str, Mapping[str, Any]]) -> None:
    before = {part.sha256 for part in cut(text_of(many)) or ()}
    changed = many | {"r7": rule(7, note="anew")}
    without = {id_: body for id_, body in many.items() if id_ != "r7"}
    first = {"new": {**rule(0), "id": "new"}} | many
    for rules in (changed, without, first):
        parts = cut(text_of(rules))
        assert parts is not None
        assert len([part for part in parts if part.sha256 not in before]) in {1, 2}


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"drawn": true, "rules": [], "schema": 1}', '{"rules": [{"id": "a"}], "drawn": 1}'],
)
def test_what_was_written_otherwise_is_not_cut(text: str) -> None:
    assert cut(text) is None


NAMES = st.text(st.sampled_from('a"\\, {}[]\n规'), max_size=12)


@settings(max_examples=60)
@given(st.lists(NAMES, min_size=1, max_size=30))
def test_whatever_rules_say_their_parts_are_the_text(names: list[str]) -> None:
    text = text_of({f"r{n}": rule(n, name=name) for n, name in enumerate(names)})
    assert joined(cut(text) or ()) == text


def test_a_part_that_was_altered_is_refused() -> None:
    good, other = Part.of("one"), Part.of("two")
    with pytest.raises(ValueError, match="altered"):
        assert Part(good.sha256, other.packed).text
    with pytest.raises(ValueError, match="unpacked"):
        assert Part(good.sha256, b"nothing").text


def test_a_large_body_is_a_body_like_any_other(many: dict[str, Mapping[str, Any]]) -> None:
    whole = {"zone": "Asia/Shanghai", "rules": text_of(many)}
    body = in_parts(whole)
    assert isinstance(body, CutBody)
    assert dict(body) == whole
    assert dict(pickle.loads(pickle.dumps(body))) == whole  # noqa: S301 - our own bytes
    again = with_parts(body.named(), {part.sha256: part.packed for part in body.parts})
    assert same(body, again, "rules")
    assert not same(body, in_parts(whole | {"rules": text_of(many | {"x": rule(0)})}), "rules")
    with pytest.raises(ValueError, match="missing"):
        with_parts(body.named(), {})


def test_a_small_body_stays_as_it_is() -> None:
    small = {"rules": text_of({"r1": rule(1)})}
    odd = {"rules": "[" + " " * CUT_FROM + "]"}
    assert in_parts(small) is small
    assert in_parts(odd) is odd


def test_what_is_remembered_is_what_is_read(
    many: dict[str, Mapping[str, Any]], demo_plan: Plan
) -> None:
    remembered, directory = Remembered(), demo_plan.directory
    first = remembered.router(cut(text_of(many)) or (), directory, ZONE, 1).rules
    changed = text_of(many | {"r7": rule(7, note="anew"), "new": {**rule(0), "id": "new"}})
    second = remembered.router(cut(changed) or (), directory, ZONE, 2).rules

    assert first == compiled_rules(text_of(many), directory, ZONE, 1)
    assert second == compiled_rules(changed, directory, ZONE, 2)
    old = {rule.id: rule for rule in first.rules}
    kept = sum(old.get(rule.id) is rule for rule in second.written)
    assert MANY - 2 * MOST_TOGETHER <= kept < MANY, "all but one part's"


def test_a_remembered_router_decides_as_one_of_all_that_was_read(
    many: dict[str, Mapping[str, Any]], demo_plan: Plan
) -> None:
    remembered, directory = Remembered(), demo_plan.directory
    water = {"when": {"topic": ["water"]}}
    edits: list[dict[str, Mapping[str, Any]]] = [
        many,
        many | {"r7": rule(7, note="anew")},
        {"first": {**rule(0, **water), "id": "first"}} | many,
        {id_: body for id_, body in many.items() if id_ != "r0"},
        many | {"r0": rule(0, enabled=False)},
        {"r2999": rule(2999)} | many,
        {f"x{n}": {**rule(n), "id": f"x{n}"} for n in range(MANY)},
    ]
    before = None
    for number, rules in enumerate(edits):
        text = text_of(rules)
        router = remembered.router(cut(text) or (), directory, ZONE, number)
        anew = Router(compiled_rules(text, directory, ZONE, number))
        for topic in ("power", "water", None):
            asked = Facts("", "en", None, None, topic, None, None, CallerKind.MOBILE, NOW)
            assert router.first(asked) == anew.first(asked)
        if before is not None and number < len(edits) - 1:
            assert _drawn_entries(router) == _drawn_entries(before), "taken as they were"
        before = router


def _drawn_entries(router: Router) -> list[int]:
    """What holds the rules of the register, which no edit here is of."""
    at = router.tables.names.index(("dialled",))
    return [id(entries) for entries in router.tables.probes[at][2].values()]


def test_another_register_is_read_anew(many: dict[str, Mapping[str, Any]], demo_plan: Plan) -> None:
    remembered, parts = Remembered(), cut(text_of(many)) or ()
    first = remembered.router(parts, demo_plan.directory, ZONE, 1).rules
    second = remembered.router(parts, demo_plan.directory, ZoneInfo("UTC"), 2).rules
    assert first.rules[0] is not second.rules[0]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"r7": rule(7, then={"office": "nowhere"})}, "unknown_office"),
        ({"default": {**rule(1), "id": "default"}}, "id_drawn"),
    ],
)
def test_what_is_at_fault_is_said_as_it_is_of_the_whole_text(
    many: dict[str, Mapping[str, Any]], demo_plan: Plan, wrong: Any, code: str
) -> None:
    parts = cut(text_of(many | wrong)) or ()
    with pytest.raises(RulesError) as refused:
        Remembered().router(parts, demo_plan.directory, ZONE, 1)
    assert [found.code for found in refused.value.faults] == [code]
