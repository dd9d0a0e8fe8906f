"""Rules between text and values: what is written reads back as it was, and every fault is told
beside its field in both languages."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from routing.city import AREA, demo_sheets
from routing.register import LANGUAGES, Directory
from routing.rules.document import (
    RulesError,
    Written,
    compiled_rules,
    order_of,
    read_rules,
    same,
    with_order,
    with_rules,
    written,
    written_out,
)
from routing.rules.ruleset import default_rules
from routing.rules.wording import FAULTS
from routing.sheets.register import read_directory

HERE = ZoneInfo("Asia/Shanghai")
CITY: Directory = read_directory(demo_sheets(), area=AREA)
RULE: dict[str, Any] = {
    "id": "night-water",
    "name": "夜间停水",
    "note": "防汛期间",
    "when": {
        "topic": ["water"],
        "kind": ["help", "enquiry", None],
        "dialled": ["+865580000021"],
        "open": {"is": False, "office": None},
        "from": "2026-10-01T00:00",
        "until": "2026-12-01T00:00",
        "weekly": "Mon 08:00-12:00; Sat 00:00-24:00",
    },
    "then": {"office": "市水利局", "how": "case_only", "also_notify": ["市政府"]},
    "enabled": False,
}


def with_changes(**changes: Any) -> str:
    return json.dumps({"schema": 1, "rules": [{**RULE, **changes}]})


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(RulesError) as caught:
        compiled_rules(text, CITY, HERE, 1)
    for fault in caught.value.faults:
        assert set(fault.says) == set(LANGUAGES)
        assert all(fault.says.values())
        assert str(fault)
    return [(fault.field, fault.code) for fault in caught.value.faults]


def test_nothing_written_is_what_the_register_draws() -> None:
    assert compiled_rules("", CITY, HERE, 7).rules == default_rules(CITY, 7).rules
    assert Written({}).to_text() == ""


def test_a_rule_is_read_and_written_back_as_it_was() -> None:
    rules, wrong = read_rules(written(with_changes()), CITY, HERE)

    assert wrong == ()
    assert written_out(rules).rules == {"night-water": RULE}


def test_what_people_wrote_stands_before_what_is_drawn() -> None:
    rules = compiled_rules(with_changes(), CITY, HERE, 1).rules

    assert rules[0].id == "night-water"
    assert rules[1:] == default_rules(CITY).rules


def test_the_rules_that_run_can_be_written_out_and_mean_the_same() -> None:
    text = written_out(default_rules(CITY).rules).to_text()

    assert compiled_rules(text, CITY, HERE, 1).rules == default_rules(CITY).rules
    assert written(text).to_text() == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "not_json"),
        ("[" * 100_000, "not_json"),
        ("[]", "schema"),
        ('{"schema": 2, "rules": []}', "schema"),
        ('{"schema": 1, "rules": {}}', "not_a_list"),
        ('{"schema": 1, "rules": [], "drawn": "yes"}', "not_a_list"),
        ('{"schema": 1, "rules": [1, {}, {"id": 5}]}', "no_id"),
        ('{"schema": 1, "rules": [], "drawn": false}', "no_default"),
    ],
)
def test_a_text_that_holds_no_rules_is_refused(text: str, code: str) -> None:
    assert {found for _, found in faults(text)} == {code}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"id": "x" * 65}, "id", "bad_id"),
        ({"id": "default"}, "id", "id_drawn"),
        ({"name": " "}, "name", "empty"),
        ({"name": "x" * 241}, "name", "too_long"),
        ({"name": "a\u202eb"}, "name", "invisible"),
        ({"note": 5}, "note", "not_text"),
        ({"enabled": 1}, "enabled", "yes_or_no"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"when": []}, "when", "not_an_object"),
        ({"when": {"moon": ["full"]}}, "moon", "unknown_condition"),
        ({"when": {"topic": "water"}}, "topic", "values"),
        ({"when": {"topic": []}}, "topic", "values"),
        ({"when": {"topic": [["water"]]}}, "topic", "unknown_topic"),
        ({"when": {"topic": ["trams"]}}, "topic", "unknown_topic"),
        ({"when": {"group": [True]}}, "group", "unknown_group"),
        ({"when": {"dialled": [None]}}, "dialled", "unknown_dialled"),
        ({"when": {"kind": ["{0.__class__}"]}}, "kind", "unknown_kind"),
        ({"when": {"open": "yes"}}, "open", "open"),
        ({"when": {"open": {"is": True, "office": ["a"]}}}, "open", "unknown_office"),
        ({"when": {"from": 5}}, "from", "moment"),
        ({"when": {"from": "2026-13-01"}}, "from", "moment"),
        ({"when": {"from": "2026-02-01", "until": "2026-01-01"}}, "until", "ends_before"),
        ({"when": {"weekly": "always"}}, "weekly", "weekly"),
        ({"when": {"weekly": "closed"}}, "weekly", "weekly"),
        ({"then": "市水利局"}, "then", "not_an_object"),
        ({"then": {}}, "office", "no_office"),
        ({"then": {"office": ["市水利局"]}}, "office", "unknown_office"),
        ({"then": {"office": "Nowhere"}}, "office", "unknown_office"),
        ({"then": {"office": "市水利局", "how": "fly"}}, "how", "unknown_how"),
        ({"then": {"office": "市水利局", "how": {}}}, "how", "unknown_how"),
        ({"then": {"office": "市水利局", "confidential": 0}}, "confidential", "yes_or_no"),
        ({"then": {"office": "市水利局", "also_notify": [{}]}}, "also_notify", "unknown_offices"),
        ({"then": {"office": "市水利局", "moon": 1}}, "moon", "unknown_target"),
        ({"then": {"office": "市水利局", "ring": 5}}, "ring", "ring_list"),
    ],
)
def test_each_fault_stands_beside_its_field(changes: dict[str, Any], field: str, code: str) -> None:
    assert (field, code) in faults(with_changes(**changes))


def test_an_id_is_used_once() -> None:
    text = json.dumps({"schema": 1, "rules": [RULE, RULE]})

    assert faults(text) == [("id", "id_twice")]


def test_every_sentence_has_both_languages() -> None:
    for code, says in FAULTS.items():
        assert set(says) == set(LANGUAGES), code
        assert all(says.values()), code


def of(*ids: str, drawn: bool = True, last: bool = False) -> Written:
    rules: dict[str, Any] = {id_: {**RULE, "id": id_} for id_ in ids}
    if last:
        rules["default"] = {"id": "default", "name": "其余", "when": {}, "then": {}}
    return Written(rules, drawn)


def test_a_new_rule_comes_last_but_before_the_one_without_conditions() -> None:
    whole = of("a", drawn=False, last=True)

    assert [*with_rules(whole, {**whole.rules, "b": RULE}).rules] == ["a", "b", "default"]
    assert [*with_rules(of("a"), {**of("a").rules, "b": RULE}).rules] == ["a", "b"]
    assert with_rules(of("a"), {"b": RULE}).rules["b"]["id"] == "b"


def test_an_order_moves_what_it_names_and_forgets_what_is_gone() -> None:
    moved = with_order(of("a", "b", "c"), {"order": ["c", "gone", "a", 5], "drawn": True})

    assert [*moved.rules] == ["c", "a", "b"]
    assert same(with_order(of("a", "b"), order_of(of("a", "b"))), of("a", "b"))
    assert not same(of("a", "b"), of("b", "a"))
    assert with_order(of("a"), {"order": "a", "drawn": False}).drawn is False


def test_a_rule_that_the_order_does_not_name_yet_is_not_behind_the_last_one() -> None:
    whole = of("a", "new", drawn=False, last=True)

    order = {"order": ["a", "default"], "drawn": False}
    assert [*with_order(whole, order).rules] == ["a", "new", "default"]


@pytest.mark.parametrize("drawn", [True, False])
def test_a_text_is_what_the_json_library_writes(drawn: bool) -> None:
    """It is written and read rule by rule, so that other threads have their turn meanwhile."""
    rules = {"a": {**RULE, "id": "a", "name": "“], \\"}, "b": {"id": "b"}}
    text = Written(rules, drawn).to_text()
    whole = {"schema": 1, "drawn": drawn, "rules": [*rules.values()]}

    assert text == json.dumps(whole, ensure_ascii=False, sort_keys=True)
    assert same(written(text), Written(rules, drawn))
    assert same(written(json.dumps(whole, indent=1)), Written(rules, drawn))


@pytest.mark.parametrize("end", ['{"id": "b"},], "schema": 1}', '{"id": "b"}}, "schema": 1}', "{"])
def test_a_text_that_was_cut_or_mended_by_hand_is_no_text(end: str) -> None:
    text = '{"drawn": true, "rules": [{"id": "a"}, ' + end
    assert faults(text) == [("", "not_json")]


def test_a_rule_that_holds_an_end_of_the_text_is_a_rule() -> None:
    rules = {"a": {"id": "a", "note": '], "schema": 1}'}}
    assert same(written(Written(rules).to_text()), Written(rules))
