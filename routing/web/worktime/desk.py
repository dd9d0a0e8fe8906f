"""What the pages of working time need, and what they have in common."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.drafts.change import Author
from routing.findings import Finding
from routing.ports import Clock
from routing.publishing.desk import PublishingDesk
from routing.register import Directory
from routing.web.entry import actor_of
from routing.web.layout import Chapter, Link
from routing.web.wording import Tongue

WORKTIME_PAGES: Final = Chapter("worktime", Path(__file__).parent)
CALENDARS_LINK: Final = Link("/admin/calendars", "calendar.title", MAY[Act.READ_PLAN])
CLOSURES_LINK: Final = Link("/admin/closures", "closure.title", MAY[Act.READ_PLAN])
ALL: Final = "*"
"""The scope that is every office, as a form sends it."""


@dataclass(frozen=True, slots=True)
class WorktimeDesk:
    """`kept` are the offices that an order leaves open unless it names them; `new_id` makes a key
    that nothing else has; `zone` is the city's."""

    publishing: PublishingDesk
    directory: Callable[[], Directory]
    kept: Callable[[Directory], frozenset[str]]
    clock: Clock
    zone: ZoneInfo
    new_id: Callable[[], str]


def author_of(request: web.Request) -> Author:
    """Who it is, as plans keep it."""
    actor = actor_of(request)
    return Author(actor.account, actor.name)


def beside(findings: Iterable[Finding], tongue: Tongue) -> dict[str, str]:
    """What is wrong by the field that it stands beside; "" for the rest."""
    found: dict[str, str] = {}
    for finding in findings:
        at = finding.place.field
        found[at] = " ".join((*filter(None, (found.get(at),)), finding.says[tongue]))
    return found


def tree(directory: Directory, tongue: Tongue) -> list[tuple[str, str, int]]:
    """Every office with its name and its depth, each below the one that it belongs to."""
    below: dict[str | None, list[str]] = {}
    for each in directory.offices.values():
        below.setdefault(each.parent, []).append(each.id)
    found: list[tuple[str, str, int]] = []
    waiting = [(office, 0) for office in reversed(below.get(None, []))]
    while waiting:
        office, depth = waiting.pop()
        found.append((office, directory.offices[office].name[tongue], depth))
        waiting.extend((lower, depth + 1) for lower in reversed(below.get(office, [])))
    return found


def local_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """What a form's date and time are; None where they are none, or of no year that is lived."""
    try:
        read = datetime.fromisoformat(text.strip().replace(" ", "T"))
    except ValueError:
        return None
    if not 2000 <= read.year < 9000:
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=zone)


def field_of(form: Mapping[str, object], name: str) -> str:
    """A field's text; "" for none, or for a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
