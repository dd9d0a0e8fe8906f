"""Saved examples: kept as text, run against rules, proposed from register and calendar."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.world import Plan
from routing.cases.kinds import Kind
from routing.hours import Holidays
from routing.register import LANGUAGES
from routing.rules.compare import Change, Side, compare
from routing.rules.condition import Field, Is
from routing.rules.errors import RuleSetError
from routing.rules.proposals import Ground, edges, generated
from routing.rules.router import Router
from routing.rules.ruleset import How, Rule, RuleSet, default_rules
from routing.rules.scenarios import (
    Expected,
    Scenario,
    read_scenarios,
    run,
    scenario_to_plain,
)
from routing.rules.wording import Wording
from tests.routing.rules.test_guards import CITY, asked

HERE = ZoneInfo("Asia/Shanghai")
POLICE = "+865580000021"
DRAWN = Router(default_rules(CITY))
FACTS = replace(
    asked(POLICE, None, "water"), kind=Kind.HELP, at=datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
)
WATER = Scenario("water", "停水", FACTS, Expected("市水利局", How.PUT_THROUGH))


def test_an_example_is_read_and_written_back_as_it_was() -> None:
    text = json.dumps({"water": scenario_to_plain(WATER)})

    assert read_scenarios(text) == (WATER,)
    assert read_scenarios("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"a": 5}',
        '{"a": {"name": "a", "facts": {"dialled": "x", "at": "2026-11-24T10:00"}}}',
        '{"a": {"name": "a", "facts": {"dialled": "x", "at": "2026-11-24T10:00Z"}}}',
        '{"a": {"name": "a", "facts": {"dialled": "x", "at": "soon"}, "expected": {}}}',
        (
            '{"a": {"name": "a", "facts": {"dialled": "x", "at": "0001-01-01T00:00+08:00"}, '
            '"expected": {"office": "x"}}}'
        ),
        (
            '{"a": {"name": "a", "facts": {"dialled": "x", "at": "2026-11-24T10:00Z", '
            '"topic": []}, '
            '"expected": {"office": "x"}}}'
        ),
    ],
)
def test_an_example_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(RuleSetError, match="scenario"):
        read_scenarios(text)


@pytest.mark.parametrize(
    ("expected", "passed", "zh"),
    [
        (Expected("市水利局"), True, "“停水”通过：交由市水利局。"),
        (Expected("市公安局"), False, "“停水”不通过：应交由市公安局，结果是市水利局。"),
        (
            Expected("市水利局", How.CASE_ONLY),
            False,
            "“停水”不通过：单位相符，但处理方式或上下班状态与预期不同。",
        ),
        (
            Expected("市水利局", is_open=True),
            False,
            "“停水”不通过：单位相符，但处理方式或上下班状态与预期不同。",
        ),
    ],
)
def test_an_example_says_how_it_came_out(expected: Expected, passed: bool, zh: str) -> None:
    outcome = run(DRAWN, replace(WATER, expected=expected), CITY, {})

    assert outcome.passed is passed
    assert outcome.says(Wording(CITY))["zh-CN"] == zh
    assert set(outcome.says(Wording(CITY))) == set(LANGUAGES)


def test_an_example_without_any_rule_is_one_that_fails() -> None:
    rules = RuleSet(1, (Rule("last", "", (), "x"),), "me", "why")
    object.__setattr__(rules, "rules", ())
    outcome = run(Router(rules), WATER, CITY, {})

    assert not outcome.passed
    assert "没有去处" in outcome.says(Wording(CITY))["zh-CN"]


def test_each_edge_of_days_off_is_proposed_once() -> None:
    days = [date(2026, 10, day) for day in (1, 2, 3)]
    holidays = Holidays(frozenset(days), frozenset({date(2026, 10, 10)}))

    found = [(day.day, en) for day, _, en in edges(holidays, date(2026, 9, 25), 20)]

    assert found == [
        (30, "the day before days off"),
        (1, "the first day off"),
        (3, "the last day off"),
        (4, "the first day after days off"),
        (10, "a make-up working day"),
    ]


def test_what_is_proposed_holds_for_the_rules_it_was_made_of(demo_plan: Plan) -> None:
    ground = Ground(
        demo_plan.directory,
        demo_plan.rules,
        demo_plan.open,
        demo_plan.holidays,
        HERE,
        date(2026, 11, 24),
    )
    proposed = list(generated(ground, days=90))

    assert {f"topic-{topic}" for topic in demo_plan.directory.topics} <= {
        one.id for one in proposed
    }
    assert len({one.id for one in proposed}) == len(proposed)
    for one in proposed:
        assert run(demo_plan.rules, one, demo_plan.directory, demo_plan.open).passed, one.name


def test_each_half_hour_at_which_offices_open_and_close_is_proposed(demo_plan: Plan) -> None:
    """Opening, lunch and closing, of each kind of hours; and every known holiday's days."""
    ground = Ground(
        demo_plan.directory,
        demo_plan.rules,
        demo_plan.open,
        demo_plan.holidays,
        HERE,
        date(2025, 12, 30),
    )
    proposed = {one.id: one for one in generated(ground)}
    hours = [one for id_, one in proposed.items() if id_.startswith("hours-1-")]

    told = [(one.facts.at.strftime("%m-%d %H:%M"), one.expected.is_open) for one in hours]
    assert told == [
        ("12-31 08:00", False),
        ("12-31 08:30", True),
        ("12-31 11:30", True),
        ("12-31 12:00", False),
        ("12-31 14:00", False),
        ("12-31 14:30", True),
        ("12-31 17:00", True),
        ("12-31 17:30", False),
    ]
    off = sorted(day for day in demo_plan.holidays.off if day.year == 2026)
    for day in (off[0], off[-1], *(d for d in demo_plan.holidays.make_up if d.year == 2026)):
        assert f"day-{day.isoformat()}" in proposed


def test_two_rule_sets_are_compared_matter_by_matter() -> None:
    own = (
        Rule("water", "水", (Is(Field.TOPIC, "water"),), "市公安局"),
        Rule("tax", "税", (Is(Field.TOPIC, "tax"),), "市税务局", how=How.CASE_ONLY),
        Rule("gone", "撤销", (Is(Field.TOPIC, "housing"),), "已撤销的单位"),
    )
    default = default_rules(CITY)
    new = Router(RuleSet(2, (*own, *default.rules), "me", ""))
    offices = frozenset(CITY.offices)
    topics = ("water", "tax", "housing", "safety")
    matters = [
        (topic, facts, facts) for topic in topics for facts in (replace(FACTS, topic=topic),)
    ]

    lines = frozenset(CITY.numbers)

    found = compare(Side(DRAWN, offices, lines), Side(new, offices, lines), matters)

    assert [row.change for row in found.rows] == [
        Change.ELSEWHERE,
        Change.OTHERWISE,
        Change.NOWHERE,
        Change.SAME,
    ]
    assert found.counts[Change.FOUND] == 0
    assert {(move.old, move.new, move.count) for move in found.moves} == {
        ("市水利局", "市公安局", 1),
        ("市住房和城乡建设局", None, 1),
    }
    assert found.ways == {(How.PUT_THROUGH, How.CASE_ONLY): 1}
    back = compare(Side(new, offices, lines), Side(DRAWN, offices, lines), matters)
    assert back.counts[Change.FOUND] == 1
    shut = Side(DRAWN, offices, lines - {FACTS.dialled})
    assert compare(Side(DRAWN, offices, lines), shut, matters).counts[Change.NOWHERE] == 4
