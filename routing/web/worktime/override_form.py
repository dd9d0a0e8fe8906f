"""The forms of an admin's own days: a few days that are otherwise, and a year's holiday notice."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from routing.publishing.sight import NOTHING, Sight, sight_in
from routing.web.moments import kept_day
from routing.web.worktime.desk import field_of
from routing.week import kept_hours

_SPAN: Final = re.compile(r"(\S+?)\s*(?:至|到|~|\.\.|to|—|–)\s*(\S+)")
LONGEST: Final = timedelta(days=31)
"""Of one line of a notice."""
MOST_LINE: Final = 100
"""Signs of it: a longer one is no span, however often it says "to"."""


@dataclass(frozen=True, slots=True)
class Days:
    """What stands in the form of single days, as text; `seen` is how it stood."""

    key: str = ""
    seen: Sight = NOTHING
    office: str = ""
    first: str = ""
    last: str = ""
    what: str = "off"
    hours: str = ""
    note: str = ""

    def body(self) -> dict[str, Any]:
        """As a plan keeps it; what is empty is left out."""
        told = {name: getattr(self, name) for name in ("office", "last", "note")}
        kept = {name: text for name, text in told.items() if text}
        hours = {"hours": kept_hours(self.hours)} if self.what == "hours" else {}
        return {"first": self.first, "what": self.what, **kept, **hours}


def days_sent(form: Mapping[str, Any]) -> Days:
    """What was sent."""
    names = ("key", "office", "first", "last", "what", "hours", "note")
    texts = {name: " ".join(field_of(form, name).split()) for name in names}
    return Days(seen=sight_in(form.get("seen")), **texts)


def days_kept(key: str, seen: Sight, body: Mapping[str, Any]) -> Days:
    """What is kept, to be changed."""
    names = ("office", "first", "last", "what", "hours", "note")
    return Days(key, seen, **{name: str(body.get(name, "")) for name in names})


@dataclass(frozen=True, slots=True)
class Year:
    """What stands in the form of a year's notice, as text: one day or span a line."""

    year: str
    seen: Sight = NOTHING
    off: str = ""
    make_up: str = ""

    def body(self) -> dict[str, Any]:
        """As a plan keeps it; what is no day stays as it was typed, and is a fault."""
        return {
            "year": self.year,
            "off": list(_listed(self.off)),
            "make_up": list(_listed(self.make_up)),
        }


def year_sent(form: Mapping[str, Any]) -> Year:
    """What was sent."""
    return Year(
        field_of(form, "year").strip(),
        sight_in(form.get("seen")),
        field_of(form, "off"),
        field_of(form, "make_up"),
    )


def year_kept(year: int, seen: Sight, body: Mapping[str, Any]) -> Year:
    """What is kept, to be changed."""
    texts = {name: "\n".join(body.get(name, ())) for name in ("off", "make_up")}
    return Year(str(year), seen, **texts)


def _listed(text: str) -> Iterator[str]:
    for line in re.split(r"[\n,;，；、]", text):
        cut = line.strip()
        if cut:
            yield from _span(cut)


def _span(line: str) -> Iterator[str]:
    found = _SPAN.fullmatch(line) if len(line) <= MOST_LINE else None
    first, last = (_day(found[1]), _day(found[2])) if found else (None, None)
    if first is None or last is None or not timedelta(0) <= last - first <= LONGEST:
        yield kept_day(line)
        return
    for offset in range((last - first).days + 1):
        yield (first + timedelta(days=offset)).isoformat()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(kept_day(text))
    except ValueError:
        return None
