"""When a plan comes back by itself, and when a person is told instead."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.drafts.change import Author
from routing.publishing.answering import (
    FIRST,
    LEAST,
    WEEKS,
    Answered,
    CityTime,
    Verdict,
    judge,
    standing,
    usual_spans,
)
from routing.publishing.release import Release, Way
from tests.rates import BEIJING, Rates

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


def city(zone: str, *days_off: date) -> CityTime:
    return CityTime(ZoneInfo(zone), lambda day: day not in days_off)


def test_what_is_usual_is_the_same_weekday_and_time_on_the_citys_clocks() -> None:
    """To the minute, and across a change of the clocks: a plan of 13:00 is not judged by an hour
    of which half an office is back from lunch."""
    until = datetime(2026, 11, 3, 8, 40, tzinfo=UTC)
    spans = usual_spans(until - timedelta(minutes=25), until, city("Europe/Berlin"))
    assert len(spans) == WEEKS
    assert {(f"{start:%a %H:%M}", f"{end:%H:%M}") for start, end in spans} == {
        ("Tue 09:15", "09:40")
    }
    assert spans[-1][0].astimezone(UTC) == datetime(2026, 10, 6, 7, 15, tzinfo=UTC)


def test_a_day_off_is_not_judged_by_working_days_nor_a_make_up_day_by_sundays() -> None:
    at, hour = datetime(2026, 10, 1, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")), timedelta(hours=1)
    first = date(2026, 10, 1)
    assert usual_spans(at - hour, at, city("Asia/Shanghai", first)) == ()
    off = [first - week * timedelta(weeks=1) for week in range(1, 5)]
    assert usual_spans(at - hour, at, city("Asia/Shanghai", *off)) == ()
    known = usual_spans(at - hour, at, city("Asia/Shanghai", first, off[1]))
    assert [start.date() for start, _ in known] == [off[1]]


NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LIN = Author("a1", "lin")


def released(number: int, minutes: int, way: Way = Way.PUBLISHED) -> Release:
    return Release(number, NOW - timedelta(minutes=minutes), way, LIN, "r")


@dataclass
class Asked(Rates):
    """Notes what it was asked."""

    at: datetime | None = None
    plan: int = 0

    async def since(self, at: datetime, plan: int) -> Answered:
        self.at, self.plan = at, plan
        return await super().since(at, plan)


@pytest.mark.parametrize(
    ("latest", "since", "plan", "verdict"),
    [
        ([released(7, 30)], 30, 7, Verdict.RETURN),
        ([released(7, 600)], 60, 7, Verdict.ALARM),  # by its last hour, not by the night before
        ([released(8, 5, Way.QUICK), released(7, 30)], 30, 7, Verdict.ALARM),
        ([released(8, 5, Way.RETURNED), released(7, 30)], None, 0, None),
        ([released(7, 25 * 60)], None, 0, None),
        ([released(7, 5, Way.QUICK)], None, 0, None),
    ],
)
async def test_a_plan_is_watched_beneath_what_was_done_in_a_hurry_by_its_calls_of_the_last_hour(
    latest: list[Release], since: int | None, plan: int, verdict: Verdict | None
) -> None:
    rates = Asked()
    found = await standing(latest, rates, NOW, BEIJING)

    assert (found and found.verdict, rates.plan) == (verdict, plan)
    assert rates.at == (None if since is None else NOW - timedelta(minutes=since))
