"""An admin's days as a plan keeps them: a JSON text, read and written, with every fault at the
entry and the field. The counterpart of `overrides`. Entries are entities of a draft: an override
under its id, a year's notice under `notice-2027`."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from routing.findings import Finding, Place
from routing.register import Directory
from routing.week import HoursError, Period, period_text, read_periods
from routing.worktime.overrides import CITY, LONGEST, Calendar, Notice, Override, What
from routing.worktime.sentences import WorktimeError, entities, finding

KIND: Final = "calendar"
NOTICE: Final = "notice-"
LONGEST_NOTE: Final = 100
YEARS: Final = range(2020, 2100)
FIGURES: Final = 4
WHATS: Final = {"zh-CN": "放假、上班、按指定时间接听", "en": "day off, working day, set hours"}
"""What an override may say, in a row."""
Body = Mapping[str, Any]
"""One entry as an editor and a draft have it: texts and lists of texts."""


def read_calendar(text: str) -> Calendar:
    """The days of a plan; none for "". Raises WorktimeError with every fault of their form."""
    bodies = entities(KIND, text)
    faults = [found for key, body in bodies.items() for found in form_faults(key, body)]
    if faults:
        raise WorktimeError(tuple(faults))
    return Calendar(
        tuple(override_of(key, body) for key, body in bodies.items() if not _is_notice(key)),
        tuple(notice_of(body) for key, body in bodies.items() if _is_notice(key)),
    )


def write_calendar(bodies: Mapping[str, Body]) -> str:
    """The text that `read_calendar` reads, in this order; "" for none."""
    return json.dumps(bodies, ensure_ascii=False) if bodies else ""


def override_of(key: str, body: Body) -> Override:
    """The override that a faultless body tells."""
    what = What(body["what"])
    return Override(
        id=key,
        office=body.get("office", CITY),
        first=date.fromisoformat(body["first"]),
        last=date.fromisoformat(body.get("last") or body["first"]),
        what=what,
        periods=read_periods(body["hours"]) if what is What.HOURS else (),
        note=body.get("note", "").strip(),
    )


def notice_of(body: Body) -> Notice:
    """The notice that a faultless body tells."""
    return Notice(
        int(body["year"]), frozenset(_days(body, "off")), frozenset(_days(body, "make_up"))
    )


def notice_key(year: int) -> str:
    """Under which key a year's notice is kept."""
    return f"{NOTICE}{year}"


def form_faults(key: str, body: Body) -> Iterator[Finding]:
    """What is wrong with an entry whatever the register holds."""
    yield from _of_notice(key, body) if _is_notice(key) else _of_override(key, body)


def office_faults(calendar: Calendar, directory: Directory) -> Iterator[Finding]:
    """Offices of overrides that the register lacks."""
    for override in calendar.overrides:
        if override.office != CITY and override.office not in directory.offices:
            yield _fault(override.id, "office", "no_office", value=override.office)


def _is_notice(key: str) -> bool:
    return key.startswith(NOTICE)


def _fault(key: str, field: str, code: str, /, **details: object) -> Finding:
    return finding(Place(KIND, key, field), code, **details)


def _of_override(key: str, body: Body) -> Iterator[Finding]:
    shaped = [name for name in ("office", "what", "hours", "note") if name in body]
    for name in (name for name in shaped if not isinstance(body[name], str)):
        yield _fault(key, name, "shape", field=name)
        return
    if body.get("what") not in list(What):
        yield _fault(key, "what", "one_of", value=body.get("what", ""), allowed=WHATS)
    elif body["what"] == What.HOURS:
        yield from _of_hours(key, body.get("hours", ""))
    yield from _of_days(key, body)
    note = body.get("note", "")
    if len(note) > LONGEST_NOTE:
        yield _fault(key, "note", "too_long", n=LONGEST_NOTE)
    if any(unicodedata.category(sign).startswith("C") for sign in note):
        yield _fault(key, "note", "invisible")


def _of_hours(key: str, text: str) -> Iterator[Finding]:
    try:
        read_periods(text)
    except HoursError as wrong:
        yield _fault(key, "hours", "hours", why=wrong.says)


def _of_days(key: str, body: Body) -> Iterator[Finding]:
    first = _day(body.get("first"))
    last = _day(body.get("last") or body.get("first"))
    for name, read in (("first", first), ("last", last)):
        if read is None:
            yield _fault(key, name, "not_a_day", value=body.get(name) or "")
    if first is not None and last is not None:
        if last < first:
            yield _fault(key, "last", "ends_early")
        elif last - first > LONGEST:
            yield _fault(key, "last", "too_far", n=LONGEST.days)


def _of_notice(key: str, body: Body) -> Iterator[Finding]:
    year = str(body.get("year", ""))
    known = len(year) == FIGURES and year.isdecimal() and int(year) in YEARS
    if not known or key != notice_key(int(year)):
        yield _fault(key, "year", "shape", field="year")
        return
    read: dict[str, set[date]] = {}
    for name in ("off", "make_up"):
        listed = body.get(name)
        if not isinstance(listed, list):
            yield _fault(key, name, "shape", field=name)
            continue
        for text in listed:
            day = _day(text)
            if day is None:
                yield _fault(key, name, "not_a_day", value=text)
            elif day.year != int(year):
                yield _fault(key, name, "other_year", value=text, year=year)
            else:
                read.setdefault(name, set()).add(day)
    if not body.get("off"):
        yield _fault(key, "off", "empty")
    for day in sorted(read.get("off", set()) & read.get("make_up", set())):
        yield _fault(key, "make_up", "both_ways", value=day.isoformat())


def _days(body: Body, name: str) -> Iterator[date]:
    return (date.fromisoformat(text) for text in body[name])


def _day(text: object) -> date | None:
    if not isinstance(text, str) or len(text) != len("2026-12-01"):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def periods_text(periods: tuple[Period, ...]) -> str:
    """As an editor writes them."""
    return " ".join(map(period_text, periods))
