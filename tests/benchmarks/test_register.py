from datetime import date

import pytest

from benchmarks.caller import checks_of
from benchmarks.register import plan_of, published
from ivr.flow.world import Plan
from routing.directory import Genuine, check
from routing.numbers.reading import Number


def test_every_number_of_the_register_is_genuine_and_no_other(demo_plan: Plan) -> None:
    plan, numbers = plan_of(40, demo_plan), published(40)

    assert plan.number == demo_plan.number + 1
    assert set(plan.directory.numbers) == set(numbers)
    for number in numbers:
        assert isinstance(check(plan.directory, Number(number), date(2026, 11, 24)), Genuine)


def test_a_register_has_no_more_numbers_than_fit() -> None:
    with pytest.raises(SystemExit):
        published(0)
    with pytest.raises(SystemExit):
        published(1_000_000)


def test_calls_go_over_the_whole_register() -> None:
    numbers = published(40)
    stories = checks_of(numbers)

    calls = [stories(number) for number in range(40)]

    assert {call[0]["To"] for call in calls} == set(numbers)
    assert {f"+86{call[4]['Digits'][1:]}" for call in calls} == set(numbers)
    assert all(more["To"] == call[0]["To"] for call in calls for more in call)
