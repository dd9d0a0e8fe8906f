"""How many live calls an official takes: a bucket of tokens for each day, one for each call hour,
and one for escalations (hotline §3.2). Pure; which tokens are left is storage's to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from routing.week import Period

MOST_TOKENS: Final = 50
"""Of one bucket: nobody takes more calls in a day."""


@dataclass(frozen=True, slots=True)
class CallHour:
    """When an official is there for callers themselves, on one day."""

    day: date
    period: Period


@dataclass(frozen=True, slots=True)
class Quota:
    """Live calls a day, in each call hour of `hours`, and a day for escalations."""

    live: int = 4
    burst: int = 8
    escalations: int = 3
    hours: tuple[CallHour, ...] = ()

    def call_hour(self, at: datetime, zone: tzinfo) -> CallHour | None:
        """The call hour that goes on at an instant."""
        here = at.astimezone(zone)
        minute = here.hour * 60 + here.minute
        for hour in self.hours:
            if hour.day == here.date() and hour.period.start <= minute < hour.period.end:
                return hour
        return None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Of whom (a published number), under which key, and how many tokens it holds. Another day or
    call hour has another key, and so is full again."""

    official: str
    key: str
    tokens: int


USUAL_QUOTA: Final = Quota()
Quotas = Mapping[str, Quota]
"""By published number; who is not in it has the usual one."""


def bucket(quota: Quota, official: str, at: datetime, zone: tzinfo, *, escalation: bool) -> Bucket:
    """From which bucket a call at this instant takes its token."""
    day = at.astimezone(zone).date().isoformat()
    if escalation:
        return Bucket(official, f"escalation {day}", quota.escalations)
    hour = quota.call_hour(at, zone)
    if hour is not None:
        return Bucket(official, f"hour {day} {hour.period.start}", quota.burst)
    return Bucket(official, f"day {day}", quota.live)
