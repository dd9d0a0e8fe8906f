"""When a plan comes back by itself, and when a person is told instead."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.publishing.answering import FIRST, LEAST, WEEKS, Answered, Verdict, judge, usual_hours

USUAL = Answered(200, 120)


@pytest.mark.parametrize(
    ("now", "usual", "age", "verdict"),
    [
        (Answered(20, 0), USUAL, FIRST, Verdict.RETURN),
        (Answered(20, 0), USUAL, FIRST + timedelta(seconds=1), Verdict.ALARM),
        (Answered(LEAST - 1, 0), USUAL, FIRST, Verdict.KEEP),
        (Answered(20, 0), Answered(LEAST - 1, 19), FIRST, Verdict.KEEP),
        (Answered(20, 0), Answered(200, 0), FIRST, Verdict.KEEP),
        (Answered(20, 12), USUAL, FIRST, Verdict.KEEP),
        (Answered(20, 9), USUAL, FIRST, Verdict.KEEP),  # a slow hour, at so few calls
        (Answered(200, 70), USUAL, FIRST, Verdict.RETURN),  # and at many, a wrong rule
        (Answered(0, 0), Answered(0, 0), FIRST, Verdict.KEEP),
    ],
)
def test_a_fall_is_told_from_a_slow_hour(
    now: Answered, usual: Answered, age: timedelta, verdict: Verdict
) -> None:
    assert judge(now, usual, age) is verdict


def test_what_is_usual_is_the_same_weekday_and_hour_on_the_offices_clocks() -> None:
    """Also across a change of the clocks."""
    berlin, at = ZoneInfo("Europe/Berlin"), datetime(2026, 11, 3, 8, 40, tzinfo=UTC)
    spans = usual_hours(at, berlin)
    assert len(spans) == WEEKS
    assert {(start.weekday(), start.hour) for start, _ in spans} == {(1, 9)}
    assert spans[-1][0].astimezone(UTC) == datetime(2026, 10, 6, 7, 0, tzinfo=UTC)
    assert all(end - start == timedelta(hours=1) for start, end in spans)
