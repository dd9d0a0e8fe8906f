"""An admin's own days: which of table, city and office wins, and how they are read."""

import json
import tomllib
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.city import calendar as bundled_table
from routing.hours import DAY, day_periods, read_holidays
from routing.week import Period, parse_hours
from routing.worktime.calendar import form_faults, periods_text, read_calendar, write_calendar
from routing.worktime.overrides import CITY, Calendar, Override, What
from routing.worktime.sentences import WorktimeError

BUNDLED = read_holidays(tomllib.loads(bundled_table()))
OFFICE = parse_hours("Mon-Fri 08:30-12:00 14:30-17:30")
MINE = "市教育局"
MORNING = (Period(540, 720),)
WEEKDAY = OFFICE.days[0]
HOLIDAY = date(2026, 10, 1)
TUESDAY = date(2026, 11, 24)
SATURDAY = date(2026, 11, 28)


def off(day: date, office: str = CITY) -> Override:
    return Override(f"off{office}{day}", office, day, day, What.OFF)


def work(day: date, office: str = CITY) -> Override:
    return Override(f"work{office}{day}", office, day, day, What.WORK)


def morning(day: date, office: str = CITY) -> Override:
    return Override(f"hours{office}{day}", office, day, day, What.HOURS, MORNING)


def opened(calendar: Calendar, day: date, hours: str = "") -> tuple[Period, ...]:
    week = parse_hours(hours) if hours else OFFICE
    return day_periods(week, calendar.of_office(BUNDLED, MINE, week), day)


NINES = "notice-" + "9" * 5000


@pytest.mark.parametrize(
    ("overrides", "day", "periods"),
    [
        ((), HOLIDAY, ()),
        ((work(HOLIDAY),), HOLIDAY, WEEKDAY),
        ((morning(HOLIDAY),), HOLIDAY, MORNING),
        ((morning(HOLIDAY, MINE),), HOLIDAY, MORNING),
        ((morning(HOLIDAY, "市税务局"),), HOLIDAY, ()),
        ((off(TUESDAY),), TUESDAY, ()),
        ((work(SATURDAY),), SATURDAY, WEEKDAY),
        # the office's own wins, whichever was entered first
        ((work(TUESDAY, MINE), off(TUESDAY)), TUESDAY, WEEKDAY),
        ((off(TUESDAY, MINE), work(TUESDAY)), TUESDAY, ()),
        # of two at one place the later one
        ((off(TUESDAY), morning(TUESDAY)), TUESDAY, MORNING),
        ((morning(TUESDAY), off(TUESDAY)), TUESDAY, ()),
    ],
)
def test_an_override_wins_over_the_table(
    overrides: tuple[Override, ...], day: date, periods: tuple[Period, ...]
) -> None:
    assert opened(Calendar(overrides), day) == periods


def test_an_office_that_never_looks_at_the_clock_bends_to_its_own_days_alone() -> None:
    city = Calendar((off(TUESDAY), morning(TUESDAY + DAY)))
    own = Calendar((off(TUESDAY, MINE),))
    always, never = "Mon-Sun 00:00-24:00", "closed"

    assert opened(city, TUESDAY, always) == (Period(0, 1440),)
    assert opened(city, TUESDAY + DAY, always) == (Period(0, 1440),)
    assert opened(city, TUESDAY + DAY, never) == ()
    assert opened(own, TUESDAY, always) == ()
    assert opened(own, TUESDAY + DAY, always) == (Period(0, 1440),)


def test_a_notice_replaces_its_year_of_the_table_and_no_other() -> None:
    later = {"year": "2027", "off": ["2027-02-05"], "make_up": ["2027-02-14"]}
    other = {"year": "2026", "off": ["2026-10-02"], "make_up": []}

    calendar = read_calendar(write_calendar({"notice-2027": later, "notice-2026": other}))
    city = calendar.of_city(BUNDLED)

    assert city.years == {2025, 2026, 2027}
    assert not city.working_day(date(2027, 2, 5))
    assert city.working_day(date(2027, 2, 14))
    assert city.working_day(HOLIDAY)
    assert not city.working_day(date(2026, 10, 2))
    assert not city.working_day(date(2025, 10, 1))


def test_days_with_hours_of_their_own_count_as_worked() -> None:
    calendar = Calendar((morning(HOLIDAY),))

    assert calendar.of_city(BUNDLED).working_day(HOLIDAY)
    assert calendar.of_office(BUNDLED, MINE, OFFICE).working_day(HOLIDAY)


def some(day: int, many: int, what: What, office: str) -> Override:
    first = TUESDAY + timedelta(days=day)
    periods = MORNING if what is What.HOURS else ()
    return Override(
        f"{day}{many}{what}{office}", office, first, first + timedelta(days=many), what, periods
    )


OVERRIDES = st.lists(
    st.builds(
        some,
        st.integers(0, 10),
        st.integers(0, 5),
        st.sampled_from(What),
        st.sampled_from((CITY, MINE, "市税务局")),
    ),
    max_size=8,
)


@given(OVERRIDES, st.integers(0, 15))
def test_the_page_and_the_call_say_the_same_of_a_day(
    overrides: list[Override], offset: int
) -> None:
    """Whatever is laid over each other: what decides is what the page gives as the reason."""
    day = TUESDAY + timedelta(days=offset)
    calendar = Calendar(tuple(overrides))
    said = calendar.said_of(MINE, day)
    expected = {
        None: day_periods(OFFICE, BUNDLED, day),
        What.OFF: (),
        What.HOURS: MORNING,
        What.WORK: OFFICE.days[day.weekday()] if day.weekday() < 5 else WEEKDAY,
    }

    assert opened(calendar, day) == expected[None if said is None else said.what]


@pytest.mark.parametrize(
    ("key", "body", "field", "code"),
    [
        ("a", {"first": "2026-12-01", "what": "party"}, "what", "one_of"),
        ("a", {"first": "2026-12-01", "what": "hours", "hours": "9-12"}, "hours", "hours"),
        ("a", {"first": "1.12.2026", "last": "2026-12-02", "what": "off"}, "first", "not_a_day"),
        ("a", {"first": "2026-12-02", "last": "2026-12-01", "what": "off"}, "last", "ends_early"),
        ("a", {"first": "2026-12-02", "last": "2027-12-01", "what": "off"}, "last", "too_far"),
        ("a", {"first": "2026-12-02", "what": "off", "note": "长" * 101}, "note", "too_long"),
        ("a", {"first": "2026-12-02", "what": "off", "note": "a\nb"}, "note", "invisible"),
        ("a", {"first": "2026-12-02", "what": "off", "office": 3}, "office", "shape"),
        ("notice-2027", {"year": "2027", "off": [], "make_up": []}, "off", "empty"),
        (
            "notice-2027",
            {"year": "2027", "off": ["2026-01-01"], "make_up": []},
            "off",
            "other_year",
        ),
        ("notice-2027", {"year": "2027", "off": ["x"], "make_up": []}, "off", "not_a_day"),
        ("notice-2027", {"year": "2028", "off": ["x"], "make_up": []}, "year", "shape"),
        (
            "notice-2027",
            {"year": "2027", "off": ["2027-01-01"], "make_up": [{"a": "b"}]},
            "make_up",
            "not_a_day",
        ),
        (NINES, {"year": "9" * 5000, "off": [], "make_up": []}, "year", "shape"),
        ("notice-2027", {"year": "2027", "off": ["2027-01-01"]}, "make_up", "shape"),
        (
            "notice-2027",
            {"year": "2027", "off": ["2027-01-01"], "make_up": ["2027-01-01"]},
            "make_up",
            "both_ways",
        ),
    ],
)
def test_an_entry_that_cannot_stand_says_why_at_its_field(
    key: str, body: dict[str, Any], field: str, code: str
) -> None:
    (found,) = form_faults(key, body)

    assert (found.place.key, found.place.field, found.code) == (key, field, code)


@pytest.mark.parametrize("text", ["[", "[]", '{"a": 1}', json.dumps({"a": {}})])
def test_what_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(WorktimeError):
        read_calendar(text)


def test_periods_are_written_as_they_are_read() -> None:
    assert periods_text(WEEKDAY) == "08:30-12:00 14:30-17:30"
