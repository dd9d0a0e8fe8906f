"""Quotas as they are written: one JSON object, a body by published number, every fault with its
number and field. Counterpart of `quota`, which has the values."""

import re
from collections.abc import Mapping
from typing import Any, Final

from routing.register import Directory
from routing.rules.faults import EntityError, EntityFault, Part, bodies
from routing.rules.quota import MOST_TOKENS, USUAL_QUOTA, CallHour, Quota
from routing.week import Period

KIND: Final = "quota"
MOST_HOURS: Final = 400
"""Call hours of one official: more than one a day for a year."""
_TIMES: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


def read_quotas(text: str, directory: Directory) -> dict[str, Quota]:
    """The quotas by published number. Raises EntityError with all faults."""
    faults: list[EntityFault] = []
    quotas = {key: _quota(key, body, directory, faults) for key, body in bodies(KIND, text).items()}
    if faults:
        raise EntityError(tuple(faults))
    return quotas


def quota_faults(
    key: str, body: Mapping[str, Any], directory: Directory
) -> tuple[EntityFault, ...]:
    """What is wrong with one quota, for the form that it was typed into."""
    faults: list[EntityFault] = []
    _quota(key, body, directory, faults)
    return tuple(faults)


def _quota(
    key: str, body: Mapping[str, Any], directory: Directory, faults: list[EntityFault]
) -> Quota:
    part = Part(faults, KIND, key, body)
    part.only("live", "burst", "escalations", "hours")
    if key not in directory.numbers:
        part.wrong("", "no_number", f"名录里没有“{key}”。", f"{key!r} is not on the list")
    return Quota(
        live=part.number("live", USUAL_QUOTA.live, MOST_TOKENS),
        burst=part.number("burst", USUAL_QUOTA.burst, MOST_TOKENS),
        escalations=part.number("escalations", USUAL_QUOTA.escalations, MOST_TOKENS),
        hours=tuple(
            hour for one in part.parts("hours", MOST_HOURS) if (hour := _call_hour(one)) is not None
        ),
    )


def _call_hour(part: Part) -> CallHour | None:
    part.only("day", "time")
    day, times = part.day("day"), _TIMES.fullmatch(part.text("time"))
    if day is None and not part.body.get("day"):
        part.wrong("day", "empty", "不能空着。", "this must not be empty")
    if times is None:
        part.wrong("time", "shape", "应写成15:00-16:00这样。", "must look like 15:00-16:00")
        return None
    h1, m1, h2, m2 = map(int, times.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or not start < end <= 1440:
        part.wrong("time", "no_period", "结束时间应晚于开始时间。", "this must end after it begins")
        return None
    return None if day is None else CallHour(day, Period(start, end))
