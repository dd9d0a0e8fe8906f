"""The form of a closure order: what is offered, what was typed, and the order that it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from routing.drafts.change import Author
from routing.findings import Finding, Place
from routing.register import LANGUAGES, Directory
from routing.web.wording import Tongue
from routing.web.worktime.desk import ALL, field_of, local_moment
from routing.worktime.closures import Closure
from routing.worktime.orders import KIND, closure_of, form_faults
from routing.worktime.sentences import finding
from routing.worktime.templates import TEMPLATES

NIGHT: Final = time(23, 59)
LATE: Final = time(17)
"""An order that is given later is for tomorrow, too."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, as text; `words` by language."""

    id: str
    scope: str
    start: str
    end: str
    reason: str
    words: dict[str, str]


def offered(template: str, now: datetime, zone: ZoneInfo, new_id: str, tongue: Tongue) -> Typed:
    """A form to send as it is: from now until tonight, with a template's words."""
    here = now.astimezone(zone)
    day = here.date() + timedelta(days=1 if here.time() >= LATE else 0)
    end = f"{datetime.combine(day, NIGHT):%Y-%m-%dT%H:%M}"
    chosen = next((each for each in TEMPLATES if each.id == template), None)
    reason = "" if chosen is None else chosen.reason[tongue]
    words = dict.fromkeys(LANGUAGES, "") if chosen is None else dict(chosen.words)
    return Typed(new_id, ALL, "", end, reason, words)


def typed(form: Any) -> Typed:
    """What was sent."""
    return Typed(
        id=field_of(form, "id"),
        scope=field_of(form, "scope"),
        start=field_of(form, "start"),
        end=field_of(form, "end"),
        reason=field_of(form, "reason"),
        words={
            language: " ".join(field_of(form, f"words.{language}").split())
            for language in LANGUAGES
        },
    )


def says_the_same(closure: Closure, sent: Typed, body: Mapping[str, Any], now: datetime) -> bool:
    """Whether an order of a plan is what was sent: it stands or comes, and closes the same until
    the same moment, with the same words. What begins at once begins whenever it was sent."""
    asked = replace(closure_of(closure.id, body), ordered=closure.ordered)
    if not sent.start.strip() and closure.start <= now:
        asked = replace(asked, start=closure.start)
    return closure.until > now and closure == asked


def order_of(
    sent: Typed, directory: Directory, by: Author, now: datetime, zone: ZoneInfo
) -> tuple[dict[str, Any], list[Finding]]:
    """The order as a plan keeps it, and what is wrong with it, at the form's fields."""
    start = now if not sent.start.strip() else local_moment(sent.start, zone)
    end = local_moment(sent.end, zone)
    wrong = [
        finding(Place(KIND, sent.id, name), "not_a_time", value=text)
        for name, text, read in (("start", sent.start, start), ("end", sent.end, end))
        if read is None
    ]
    if sent.scope != ALL and sent.scope not in directory.offices:
        wrong.append(finding(Place(KIND, sent.id, "scope"), "no_office", value=sent.scope))
    if end is not None and end <= now:
        wrong.append(finding(Place(KIND, sent.id, "end"), "ends_before_now"))
    begins = start or now
    ends = end or begins + timedelta(hours=1)
    body: dict[str, Any] = {
        "scope": [] if sent.scope == ALL else [sent.scope],
        "start": begins.isoformat(),
        "end": ends.isoformat(),
        "reason": sent.reason.strip(),
        "words": sent.words,
        "ordered": {"by": by.name, "at": now.isoformat()},
    }
    taken = {each.place.field for each in wrong}
    formal = (each for each in form_faults(sent.id, body) if each.place.field not in taken)
    return body, [*wrong, *formal]
