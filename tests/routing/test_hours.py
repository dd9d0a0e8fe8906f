"""Working time: opening hours, holidays and make-up days, intervals and due dates."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.city import calendar
from routing.hours import (
    Holidays,
    OpenIntervals,
    Span,
    joined,
    open_intervals,
    read_holidays,
    without,
    working_day_due,
)
from routing.week import Hours, HoursError, Period, parse_hours

CITY = ZoneInfo("Asia/Shanghai")
OFFICE = parse_hours("Mon-Fri 08:30-12:00 14:30-17:30")
COUNTER = parse_hours("Mon-Fri 09:00-17:00; Sat 09:00-12:00")
ALWAYS = parse_hours("Mon-Sun 00:00-24:00")
NEVER = parse_hours("closed")
HOLIDAYS = read_holidays(tomllib.loads(calendar()))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


def intervals(hours: str, first: str, days: int = 14) -> OpenIntervals:
    return open_intervals(parse_hours(hours), HOLIDAYS, CITY, date.fromisoformat(first), days)


@pytest.mark.parametrize(
    ("at", "opened"),
    [
        ("2026-11-24T08:29", False),
        ("2026-11-24T08:30", True),
        ("2026-11-24T11:59", True),
        ("2026-11-24T12:00", False),  # the lunch break
        ("2026-11-24T14:30", True),
        ("2026-11-24T17:30", False),
        ("2026-11-28T10:00", False),  # a Saturday
    ],
)
def test_an_office_is_open_in_its_periods_only(at: str, *, opened: bool) -> None:
    office = open_intervals(OFFICE, HOLIDAYS, CITY, date(2026, 11, 24), 60)

    assert office.is_open(local(at)) is opened


def test_a_holiday_closes_and_a_make_up_day_opens() -> None:
    office = open_intervals(OFFICE, HOLIDAYS, CITY, date(2026, 9, 25), 30)

    assert not office.is_open(local("2026-10-01T10:00"))
    assert office.is_open(local("2026-10-10T10:00"))  # a Saturday that is worked
    assert not office.is_open(local("2026-10-10T13:00"))


def test_a_counter_keeps_weekday_hours_on_a_make_up_saturday() -> None:
    counter = open_intervals(COUNTER, HOLIDAYS, CITY, date(2026, 10, 8), 7)

    assert counter.is_open(local("2026-10-10T16:00"))


def test_a_weekend_office_keeps_its_own_hours_on_a_make_up_saturday() -> None:
    office = intervals("Sat 09:00-12:00", "2026-10-08", 7)

    assert office.is_open(local("2026-10-10T10:00"))


def test_an_office_open_around_the_clock_knows_no_holiday() -> None:
    police = open_intervals(ALWAYS, HOLIDAYS, CITY, date(2026, 9, 28), 10)

    assert len(police.intervals) == 1
    assert police.is_open(local("2026-10-01T03:00"))


def test_the_next_opening_is_now_tomorrow_or_unknown() -> None:
    office = intervals("Mon-Fri 08:30-12:00 14:30-17:30", "2026-11-27", 7)

    assert office.next_open(local("2026-11-27T09:00")) == local("2026-11-27T09:00")
    assert office.next_open(local("2026-11-27T12:30")) == local("2026-11-27T14:30")
    assert office.next_open(local("2026-11-27T20:00")) == local("2026-11-30T08:30")
    assert (
        open_intervals(NEVER, HOLIDAYS, CITY, date(2026, 11, 24)).next_open(
            local("2026-11-24T09:00")
        )
        is None
    )


def test_the_wall_clock_counts_where_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = open_intervals(parse_hours("Sun 01:00-04:00"), Holidays(), berlin, date(2026, 3, 29), 1)

    ((start, end),) = night.intervals
    assert end - start == timedelta(hours=2)  # three o'clock comes an hour early


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.integers(0, 59 * 24 * 60))
def test_intervals_agree_with_the_clock_on_the_wall(minutes: int) -> None:
    office = open_intervals(OFFICE, HOLIDAYS, CITY, date(2026, 9, 1), 60)
    at = local("2026-09-01T00:00") + timedelta(minutes=minutes)
    day, minute = at.date(), at.hour * 60 + at.minute

    expected = HOLIDAYS.working_day(day) and (510 <= minute < 720 or 870 <= minute < 1050)

    assert office.is_open(at) is expected


@pytest.mark.parametrize(
    ("opened", "days", "due"),
    [
        ("2026-11-24T10:00", 2, "2026-11-26T17:30"),
        ("2026-11-24T23:30", 2, "2026-11-26T17:30"),
        ("2026-11-27T10:00", 2, "2026-12-01T17:30"),  # over a weekend
        ("2026-09-30T10:00", 2, "2026-10-09T17:30"),  # over the long holiday
        ("2026-10-08T10:00", 2, "2026-10-10T17:30"),  # to a Saturday that is worked
        ("2026-11-24T10:00", 13, "2026-12-11T17:30"),
    ],
)
def test_due_is_the_end_of_a_working_day(opened: str, days: int, due: str) -> None:
    assert working_day_due(local(opened), days, OFFICE, HOLIDAYS, CITY) == local(due)


@pytest.mark.parametrize("hours", [ALWAYS, NEVER])
def test_an_office_without_a_working_day_uses_the_citys(hours: Hours) -> None:
    due = working_day_due(local("2026-11-24T10:00"), 2, hours, HOLIDAYS, CITY)

    assert due == local("2026-11-26T17:30")


def test_the_bundled_table_agrees_with_the_published_notices() -> None:
    day = date(2025, 1, 1)
    while day.year < 2027:
        assert HOLIDAYS.working_day(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_a_year_without_its_notice_is_found() -> None:
    assert HOLIDAYS.missing_years(date(2026, 12, 1), date(2027, 1, 30)) == (2027,)


@pytest.mark.parametrize(
    "table",
    [
        {"next": {}},
        {"2026": []},
        {"2026": {"off": [date(2025, 1, 1)], "make_up": []}},
        {"2026": {"off": ["2026-01-01"], "make_up": []}},
        {"2026": {"off": []}},
    ],
)
def test_a_calendar_that_cannot_be_read_says_why(table: dict[str, object]) -> None:
    with pytest.raises(HoursError):
        read_holidays(table)


def test_intervals_are_utc() -> None:
    office = intervals("Mon-Fri 08:30-12:00", "2026-11-24", 1)

    assert office.intervals[0][0] == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)


def test_where_what_was_compiled_runs_out_the_week_is_asked() -> None:
    """A plan that nobody could renew for months: an office is not closed for that."""
    office = open_intervals(OFFICE, HOLIDAYS, CITY, date(2026, 8, 1), 60)

    assert office.until == local("2026-09-30T00:00")
    assert office.is_open(local("2026-09-30T10:00"))
    assert not office.is_open(local("2026-09-30T13:00"))
    assert not office.is_open(local("2026-10-01T10:00"))  # its holidays are still known
    assert office.is_open(local("2026-10-10T10:00"))
    assert office.next_open(local("2026-09-29T18:00")) == local("2026-09-30T08:30")
    assert office.next_open(local("2026-09-30T18:00")) == local("2026-10-08T08:30")
    assert office.after(local("2026-09-29T17:00"), timedelta(hours=1)) == local("2026-09-30T09:00")
    assert office.after(local("2026-11-24T17:00"), timedelta(hours=1)) == local("2026-11-25T09:00")


def test_before_what_was_compiled_the_week_is_asked() -> None:
    """A call of last week, or an example with a day that has passed: the office was open then."""
    office = open_intervals(OFFICE, HOLIDAYS, CITY, date(2026, 11, 25), 60)

    assert office.is_open(local("2026-11-24T10:00"))
    assert not office.is_open(local("2026-11-24T13:00"))
    assert not office.is_open(local("2026-10-01T10:00"))
    assert office.next_open(local("2026-11-23T18:00")) == local("2026-11-24T08:30")
    assert office.next_open(local("2026-11-24T18:00")) == local("2026-11-25T08:30")
    assert office.after(local("2026-11-24T17:00"), timedelta(hours=1)) == local("2026-11-25T09:00")
    night = open_intervals(ALWAYS, HOLIDAYS, CITY, date(2026, 11, 25), 60)
    assert night.is_open(local("2026-11-24T00:00"))


def test_beyond_what_was_compiled_an_order_still_closes() -> None:
    order = (local("2026-11-02T00:00"), local("2026-11-06T12:00"))
    office = open_intervals(OFFICE, HOLIDAYS, CITY, date(2026, 8, 1), 60, shut=(order,))

    assert not office.is_open(local("2026-11-03T10:00"))
    assert office.next_open(local("2026-11-03T10:00")) == local("2026-11-06T14:30")


def test_what_is_never_open_stays_so_beyond_what_was_compiled() -> None:
    office = open_intervals(NEVER, HOLIDAYS, CITY, date(2026, 11, 24), 1)
    at = local("2026-11-24T09:00")

    assert office.next_open(at) is None
    assert office.after(at, timedelta(hours=1)) == at + timedelta(hours=1)


def test_hours_set_for_a_day_win_over_holiday_week_and_clock() -> None:
    day = date(2026, 10, 1)
    duty = replace(HOLIDAYS, own={day: (Period(540, 720),)})
    off = replace(HOLIDAYS, own={day: ()})

    office = open_intervals(OFFICE, duty, CITY, day, 2)
    police = open_intervals(ALWAYS, off, CITY, day, 2)

    assert office.intervals == ((local("2026-10-01T09:00"), local("2026-10-01T12:00")),)
    assert police.next_open(local("2026-10-01T09:00")) == local("2026-10-02T00:00")
    assert duty.working_day(day)
    assert not off.working_day(day)


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(SPANS, SPANS)
def test_what_is_left_is_what_is_in_one_and_not_in_the_other(
    opened: list[tuple[int, int]], shut: list[tuple[int, int]]
) -> None:
    left = list(without(joined(map(span, opened)), joined(map(span, shut))))

    for minute in range(61):
        expected = covered(opened, minute) and not covered(shut, minute)
        assert any(start <= at(minute) < end for start, end in left) is expected
    assert left == sorted(left)
    assert all(start < end for start, end in left)


def at(minute: int) -> datetime:
    return datetime(2026, 11, 24, tzinfo=UTC) + timedelta(minutes=minute)


def span(minutes: tuple[int, int]) -> Span:
    return at(minutes[0]), at(minutes[1])


def covered(spans: list[tuple[int, int]], minute: int) -> bool:
    return any(start <= minute < end for start, end in spans)
