"""By when each kind is answered (hotline §1.3)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from routing.cases.deadlines import ANSWER_DAYS, danger_due, due
from routing.cases.kinds import Kind
from routing.hours import Holidays
from routing.week import parse_hours

CITY = ZoneInfo("Asia/Shanghai")
OPENED = datetime(2026, 11, 24, 10, 0, tzinfo=CITY)


@pytest.mark.parametrize(
    ("kind", "day"),
    [
        (Kind.ENQUIRY, 26),
        (Kind.HELP, 1),
        (Kind.COMPLAINT, 1),
        (Kind.REPORT, 11),
        (Kind.SUGGESTION, 11),
    ],
)
def test_each_kind_has_its_working_days(kind: Kind, day: int) -> None:
    hours = parse_hours("Mon-Fri 08:30-12:00 14:30-17:30")
    answer = due(kind, OPENED, hours, Holidays(), CITY).astimezone(CITY)

    assert (answer.day, answer.hour, answer.minute) == (day, 17, 30)


def test_every_kind_has_a_deadline() -> None:
    assert ANSWER_DAYS.keys() == set(Kind)


@pytest.mark.parametrize(
    ("opened", "answered"),
    [((10, 0), (10, 0)), ((10, 7), (10, 0)), ((10, 59), (10, 30)), ((0, 5), (0, 0))],
)
def test_danger_is_answered_within_a_day_at_an_hour_that_can_be_said(
    opened: tuple[int, int], answered: tuple[int, int]
) -> None:
    hour, minute = opened

    found = danger_due(OPENED.replace(hour=hour, minute=minute, second=59), CITY)

    assert found.astimezone(CITY) == OPENED.replace(day=25, hour=answered[0], minute=answered[1])
