"""Closure orders: whom they reach, when they close, whose words are said; and how they are read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.library.worktime import kept_open
from routing.city import AREA, demo_sheets
from routing.register import Directory
from routing.sheets.register import read_directory
from routing.worktime.closures import Closure, Signed, orders_of, reach, shut_times, standing
from routing.worktime.orders import body_of, closure_of, form_faults, read_closures, write_closures
from routing.worktime.sentences import WorktimeError
from routing.worktime.templates import TEMPLATES

CITY: Directory = read_directory(demo_sheets(), area=AREA)
KEPT = kept_open(CITY)
NINE = datetime(2026, 11, 24, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORDS = TEMPLATES[0].words


def order(name: str = "C1", *scope: str, start: int = 0, end: int = 8, **other: Any) -> Closure:
    begins, ends = NINE + start * HOUR, NINE + end * HOUR
    return Closure(name, scope, begins, ends, "台风", WORDS, Signed("duty", NINE), **other)


def test_an_order_reaches_an_office_and_all_below_it() -> None:
    closed = reach(order("C1", "东城区政府"), CITY, KEPT)

    assert closed == {"东城区政府", "东城区政务服务中心"}


def test_an_order_over_everything_leaves_open_who_is_needed_then() -> None:
    closed = reach(order(), CITY, KEPT)

    assert "市教育局" in closed
    assert closed.isdisjoint({"市公安局", "市供电公司", "12345热线中心", "市纪委监委", "市信访局"})


def test_an_office_that_is_named_is_closed_whatever_it_is() -> None:
    assert reach(order("C1", "市公安局"), CITY, KEPT) == {"市公安局"}
    assert "市公安局" not in reach(order("C1", "市政府"), CITY, KEPT)


def test_an_office_that_the_register_lost_closes_nothing() -> None:
    assert reach(order("C1", "没有的局"), CITY, KEPT) == frozenset()


def test_of_several_orders_the_one_that_ends_last_is_said() -> None:
    long, short = order("C1", end=20), order("C2", start=1, end=3)
    both = orders_of((short, long), CITY, KEPT)["市教育局"]

    assert standing(both, NINE + 2 * HOUR) == long
    assert standing(both, NINE + 20 * HOUR) is None
    assert shut_times(both) == ((NINE, NINE + 20 * HOUR),)


def test_an_order_that_was_ended_early_closes_no_longer() -> None:
    ended = order(end=8, ended=Signed("head", NINE + 2 * HOUR))

    assert ended.until == NINE + 2 * HOUR
    assert ended.stands(NINE + HOUR)
    assert not ended.stands(NINE + 2 * HOUR)
    assert orders_of((order(ended=Signed("head", NINE - HOUR)),), CITY, KEPT) == {}


OFFICES = st.lists(st.sampled_from(sorted(CITY.offices)), min_size=1, max_size=4)


@given(OFFICES, OFFICES)
def test_the_scopes_of_an_order_add_up(one: list[str], other: list[str]) -> None:
    """Nested, overlapping and repeated ones alike."""
    apart = (reach(order("C1", *scope), CITY, KEPT) for scope in (one, other))

    assert reach(order("C1", *one, *other), CITY, KEPT) == frozenset().union(*apart)


def test_orders_are_read_as_they_were_written() -> None:
    orders = (order("C1", "市政府"), order("C2", start=1, ended=Signed("head", NINE + 2 * HOUR)))

    assert read_closures(write_closures(orders)) == orders
    assert read_closures("") == ()
    assert write_closures(()) == ""


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"words": {"zh-CN": "因台风影响，现暂停对外办公"}}, "words.en", "words_missing"),
        ({"words": {"zh-CN": " ", "en": "Closed"}}, "words.zh-CN", "words_missing"),
        ({"words": {"zh-CN": "Closed", "en": "Closed"}}, "words.zh-CN", "words_language"),
        ({"words": {"zh-CN": "停办", "en": "停办"}}, "words.en", "words_language"),
        ({"words": {"zh-CN": "停" * 121, "en": "Closed"}}, "words.zh-CN", "too_long"),
        ({"words": {"zh-CN": "停\n办", "en": "Closed"}}, "words.zh-CN", "invisible"),
        ({"reason": "  "}, "reason", "empty"),
        ({"end": "2026-11-24T09:00:00+08:00"}, "end", "ends_early"),
        ({"end": "2027-06-24T09:00:00+08:00"}, "end", "too_far"),
        ({"end": None}, "end", "shape"),
        ({"start": "2026-11-24T09:00:00"}, "start", "shape"),
        ({"scope": "市政府"}, "scope", "shape"),
        ({"words": "停办"}, "words", "shape"),
        ({"ordered": {"by": "duty"}}, "ordered", "shape"),
        ({"ended": "now"}, "ended", "shape"),
    ],
)
def test_an_order_that_cannot_stand_says_why_at_its_field(
    changes: dict[str, Any], field: str, code: str
) -> None:
    (found,) = form_faults("C1", {**body_of(order()), **changes})

    assert (found.place.key, found.place.field, found.code) == ("C1", field, code)
    assert found.says["zh-CN"] != found.says["en"]


@pytest.mark.parametrize("text", ["[", "[]", '{"C1": 1}', "null"])
def test_what_is_no_list_of_orders_is_refused(text: str) -> None:
    with pytest.raises(WorktimeError, match="cannot be read"):
        read_closures(text)


def test_every_fault_is_found_at_once() -> None:
    bodies = {
        "C1": {**body_of(order()), "reason": ""},
        "C2": {**body_of(order()), "words": {}},
    }

    with pytest.raises(WorktimeError) as refused:
        read_closures(json.dumps(bodies))

    assert [(each.place.key, each.code) for each in refused.value.faults] == [
        ("C1", "empty"),
        ("C2", "words_missing"),
        ("C2", "words_missing"),
    ]


def test_the_words_of_every_template_can_be_said() -> None:
    for template in TEMPLATES:
        body = {**body_of(order()), "words": template.words, "reason": template.reason["zh-CN"]}

        assert list(form_faults("C1", body)) == []
        assert closure_of("C1", body).words == template.words


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("field", ["start", "end", "ordered", "ended"])
def test_a_moment_at_the_calendars_ends_is_none(field: str, at: str) -> None:
    """A plan's file may say it; no page of the draft could have shown it."""
    told: Any = at if field in {"start", "end"} else {"by": "duty", "at": at}
    body = {**body_of(order(ended=Signed("head", NINE))), field: told}

    assert [(one.place.field, one.code) for one in form_faults("C1", body)] == [(field, "shape")]
