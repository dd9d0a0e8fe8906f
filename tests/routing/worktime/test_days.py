"""The days to come at an office, with the reason of each difference."""

import tomllib
from datetime import date, datetime
from zoneinfo import ZoneInfo

from routing.city import calendar as bundled_table
from routing.hours import Holidays, read_holidays
from routing.week import Period, parse_hours
from routing.worktime.closures import Closure, Signed
from routing.worktime.days import Office, Why, days_of
from routing.worktime.overrides import CITY, Calendar, Override, What
from routing.worktime.templates import TEMPLATES

ZONE = ZoneInfo("Asia/Shanghai")
BUNDLED = read_holidays(tomllib.loads(bundled_table()))
OFFICE = parse_hours("Mon-Fri 08:30-12:00 14:30-17:30")
TUESDAY = date(2026, 11, 24)
WEEKDAY = OFFICE.days[0]


def office(calendar: Calendar | None = None, *orders: Closure) -> Office:
    return Office("市教育局", OFFICE, ZONE, BUNDLED, calendar or Calendar(), orders)


def test_the_days_to_come_say_why_they_differ() -> None:
    found = {day.day: day for day in days_of(office(), date(2026, 9, 25), 30)}

    holiday = found[date(2026, 10, 1)]
    worked = found[date(2026, 10, 10)]
    plain = found[date(2026, 9, 29)]
    assert (holiday.periods, [each.why for each in holiday.reasons]) == ((), [Why.HOLIDAY])
    assert (worked.periods, [each.why for each in worked.reasons]) == (WEEKDAY, [Why.MAKE_UP])
    assert (plain.periods, plain.differs, plain.reasons) == (WEEKDAY, False, ())


def test_an_override_is_its_own_reason() -> None:
    own = Override("a", CITY, TUESDAY, TUESDAY, What.OFF, note="校庆")

    first, second = days_of(office(Calendar((own,))), TUESDAY, 2)

    assert [(each.why, each.override) for each in first.reasons] == [(Why.OVERRIDE, own)]
    assert first.differs
    assert second.reasons == ()


def test_a_closure_takes_its_part_of_a_day() -> None:
    start = datetime(2026, 11, 24, 10, tzinfo=ZONE)
    end = datetime(2026, 11, 25, 15, tzinfo=ZONE)
    closure = Closure("C1", (), start, end, "停电", TEMPLATES[0].words, Signed("duty", start))

    first, second, third = days_of(office(None, closure), TUESDAY, 3)

    assert first.periods == (Period(510, 600),)
    assert second.periods == (Period(900, 1050),)
    assert third.periods == WEEKDAY
    assert [each.closure for each in first.reasons] == [closure]
    assert third.reasons == ()


def test_a_day_with_a_clock_change_is_shown_by_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = Office("夜班", parse_hours("Sat-Sun 00:00-24:00"), berlin, Holidays(), Calendar())

    saturday, sunday, monday = days_of(night, date(2026, 3, 28), 3)

    assert saturday.periods == sunday.periods == (Period(0, 1440),)
    assert monday.periods == ()
