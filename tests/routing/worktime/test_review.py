"""What is said of calendars and closure orders before a plan is published."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ivr.flow.world import Plan
from ivr.library.plans import Inputs, compile_plan
from ivr.library.worktime import duty_office, kept_open
from routing.register import DirectoryError
from routing.worktime.calendar import write_calendar
from routing.worktime.closures import Closure, Signed
from routing.worktime.orders import write_closures
from routing.worktime.review import gaps, missing_years, of_closures, runs_out
from routing.worktime.templates import TEMPLATES

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def order(name: str, *scope: str, days: float = 1) -> Closure:
    words = TEMPLATES[0].words
    return Closure(name, scope, NOW - DAY, NOW + days * DAY, "台风", words, Signed("duty", NOW))


def test_a_year_without_its_notice_is_a_finding_that_names_it() -> None:
    (found,) = missing_years({2025, 2026}, TODAY)

    assert (found.place.kind, found.place.key) == ("calendar", "notice-2027")
    assert "2027" in found.says["zh-CN"]
    assert list(missing_years({2026}, date(2026, 10, 1))) == []


def test_hours_that_run_out_within_a_fortnight_are_a_finding(demo_plan: Plan) -> None:
    assert list(runs_out(demo_plan.open, NOW)) == []

    (found,) = runs_out(demo_plan.open, NOW + 50 * DAY)

    assert found.code == "runs_out"


def test_an_office_that_is_never_open_is_found(demo_plan: Plan) -> None:
    found = list(gaps(demo_plan.directory, demo_plan.hours, demo_plan.open, {}, NOW))

    assert [(each.code, each.place.key) for each in found] == [("never_open", "市统计局")]


def test_a_long_gap_is_found_unless_an_order_says_why(demo_inputs: Inputs) -> None:
    days = {"a": {"first": "2026-12-01", "last": "2026-12-20", "what": "off", "office": "市教育局"}}
    inputs = replace(demo_inputs, calendar_overrides=write_calendar(days))
    plan = compile_plan(inputs, 1, TODAY)
    orders = {"市教育局": (order("C1", "市教育局", days=20),)}

    silent = [each.code for each in gaps(plan.directory, plan.hours, plan.open, {}, NOW)]
    said = [each.code for each in gaps(plan.directory, plan.hours, plan.open, orders, NOW)]

    assert sorted(silent) == ["gap", "never_open"]
    assert said == ["never_open"]


def test_orders_that_ran_out_close_nobody_or_name_the_duty_desk_are_found(demo_plan: Plan) -> None:
    city = demo_plan.directory
    orders = (
        order("old", days=-0.5),
        order("nobody", "没有的局"),
        order("duty", "12345热线中心"),
        order("plain", "市教育局"),
    )

    found = of_closures(orders, city, kept_open(city), duty_office(city), NOW)

    assert [(each.place.key, each.code) for each in found] == [
        ("old", "expired"),
        ("nobody", "closes_nobody"),
        ("duty", "duty_shut"),
    ]


def test_a_plan_is_compiled_with_orders_and_days(demo_inputs: Inputs) -> None:
    days = {"a": {"first": "2026-11-26", "what": "off", "office": "市税务局"}}
    closures, overrides = write_closures((order("C1", "市教育局"),)), write_calendar(days)
    inputs = replace(demo_inputs, closures=closures, calendar_overrides=overrides)

    plan = compile_plan(Inputs.from_text(inputs.to_text()), 1, TODAY)

    assert not plan.open["市教育局"].is_open(NOW)
    assert plan.open["市教育局"].is_open(NOW + DAY)
    assert plan.orders["市教育局"][0].id == "C1"
    assert plan.open["市税务局"].is_open(NOW)
    assert not plan.open["市税务局"].is_open(NOW + 2 * DAY)
    assert not plan.holidays_of("市税务局").working_day(date(2026, 11, 26))
    assert plan.holidays_of("市教育局").working_day(date(2026, 11, 26))


def test_an_office_that_the_register_lacks_is_refused(demo_inputs: Inputs) -> None:
    closures = write_closures((order("C1", "没有的局"),))
    days = write_calendar({"a": {"first": "2026-11-26", "what": "off", "office": "没有的局"}})

    for inputs in (
        replace(demo_inputs, closures=closures),
        replace(demo_inputs, calendar_overrides=days),
    ):
        with pytest.raises(DirectoryError, match="no office '没有的局'"):
            compile_plan(inputs, 1, TODAY)


def test_the_duty_desk_answers_whatever_an_order_names(demo_inputs: Inputs) -> None:
    closures = write_closures((order("C1", "12345热线中心"),))
    plan = compile_plan(replace(demo_inputs, closures=closures), 1, TODAY)

    assert not plan.open["12345热线中心"].is_open(NOW)
    assert plan.duty is not None
    assert plan.duty.is_open(NOW)
