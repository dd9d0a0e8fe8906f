"""By when each kind is answered (hotline §1.3)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from routing.cases.deadlines import ANSWER_DAYS, due
from routing.cases.kinds import Kind
from routing.hours import Holidays, parse_hours

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
