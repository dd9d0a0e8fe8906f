"""By when a case of each kind is answered, in working days (hotline §1.3)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from routing.cases.kinds import Kind
from routing.hours import Holidays, working_day_due
from routing.week import Hours

ANSWER_DAYS: Final[Mapping[Kind, int]] = {
    Kind.ENQUIRY: 2,
    Kind.HELP: 5,
    Kind.COMPLAINT: 5,
    Kind.REPORT: 13,
    Kind.SUGGESTION: 13,
}
DANGER_ANSWER: Final = timedelta(hours=24)
"""Danger to life or property is answered by the clock, whatever the calendar says."""


def danger_due(opened: datetime, zone: tzinfo) -> datetime:
    """A day after a danger was told, by the clock, on the half hour before: it is said aloud, and
    nobody says 10:07. Aware UTC."""
    late = (opened + DANGER_ANSWER).astimezone(zone)
    half = late.replace(minute=late.minute // 30 * 30, second=0, microsecond=0)
    return half.astimezone(UTC)


def due(kind: Kind, opened: datetime, hours: Hours, holidays: Holidays, zone: tzinfo) -> datetime:
    """The end of the working day by which the office answers; aware UTC."""
    return working_day_due(opened, ANSWER_DAYS[kind], hours, holidays, zone)
