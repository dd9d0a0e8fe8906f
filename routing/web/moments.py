"""Times as a page writes them: 11月30日周一17:30, Mon 30 Nov, 17:30; and days as people type them.
Spoken times are the phrasebook's."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from routing.web.wording import Tongue
from routing.widths import usual

_DAYS = {
    Tongue.ZH: ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    Tongue.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def written(at: datetime, zone: ZoneInfo, tongue: Tongue) -> str:
    """Month, day, weekday and time in the office's zone; `at` is aware."""
    here = at.astimezone(zone)
    day, time = _DAYS[tongue][here.weekday()], f"{here:%H:%M}"
    if tongue is Tongue.ZH:
        return f"{here.month}月{here.day}日{day}{time}"
    return f"{day} {here.day} {_MONTHS[here.month - 1]}, {time}"


def day(of: date, tongue: Tongue) -> str:
    """A day with its year, as a newspaper's."""
    if tongue is Tongue.ZH:
        return f"{of.year}年{of.month}月{of.day}日"
    return f"{of.day} {_MONTHS[of.month - 1]} {of.year}"


def kept_day(text: str) -> str:
    """A day as a plan keeps it, of 2026年2月8日 and 2026/2/8, too; what is none stays as it is."""
    found = _DAY.fullmatch(usual(text).strip())
    try:
        return date(*map(int, found.groups())).isoformat() if found else text
    except ValueError:
        return text
