"""The caller's minute as a test: each way on the shipped script stays within its goal."""

import pytest

from benchmarks.minute import (
    SLACK,
    WAYS,
    Heard,
    Way,
    measured,
    over_goal,
    play,
    row,
    spoken_seconds,
    until_named,
    until_pressed,
)
from ivr.flow.instruction import Say
from ivr.flow.world import Plan


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_way_keeps_its_goal_and_the_table_or_says_why_not(demo_plan: Plan, way: Way) -> None:
    heard = measured(demo_plan, way)

    assert not over_goal(way, heard), row(way, heard)
    off = max(abs(one.seconds - said) for one, said in zip(heard, way.table, strict=True))
    assert off <= SLACK or way.why


def test_mandarin_is_counted_in_characters_and_english_in_words() -> None:
    assert spoken_seconds("请拨12345核实。", "zh-CN") == pytest.approx(9 / 4.5)
    assert spoken_seconds("Confirm with the paper or 12345.", "en") == pytest.approx(10 / 2.5)
    assert spoken_seconds("an official's misconduct, 4.", "en") == pytest.approx(4 / 2.5)


@pytest.mark.parametrize(
    ("say", "key", "heard"),
    [
        (Say("核验号码按1，反映事项按2。", "zh-CN"), "2", "核验号码按1，反映事项按2"),
        (Say("请拨12345；核验号码按1。", "zh-CN"), "1", "请拨12345；核验号码按1"),
        (Say("Check, press 1; a matter, 2; more.", "en"), "2", "Check, press 1; a matter, 2"),
        (Say("In danger, call 110, 119 or 120 first.", "en"), "1", None),
        (Say("see Yunling Daily, 8 February.", "en"), "8", None),
        (Say("不清楚按井号。", "zh-CN"), "#", "不清楚按井号"),
    ],
)
def test_an_option_is_named_where_its_key_is_said(say: Say, key: str, heard: str | None) -> None:
    assert until_named(say, key) == heard


def test_digits_wait_for_the_whole_prompt() -> None:
    says = (Say("你好", "zh-CN"), Say("号码按1", "zh-CN"))

    assert until_pressed(says, "110#") == pytest.approx(6 / 4.5)
    assert until_pressed(says, "#") == pytest.approx(6 / 4.5)


def test_keys_of_one_check_are_thirteen(demo_plan: Plan) -> None:
    check = WAYS[0]

    assert play(demo_plan, check, check.choices[0], line=check.line).keys == 13


def test_a_way_over_its_goal_is_told() -> None:
    way = Way("x", "", (), 10, 2, (1, 1, 1, 1))
    quick, slow = Heard(10.04, 2), Heard(10.06, 2)

    assert not over_goal(way, (quick,) * 4)
    assert over_goal(way, (quick, quick, slow, quick))
    assert over_goal(way, (Heard(1, 3),) * 4)
    assert "OVER" in row(way, (slow,) * 4)
