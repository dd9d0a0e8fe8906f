"""What can be rung and who can ring, drawn from the directory: the phone page's lists.
Counterpart of `phone`, which shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from routing.directory import AnswerMode, Directory, PublishedNumber
from routing.numbers.forms import masked
from routing.numbers.plan import mobile
from routing.rules.roster import Roster
from routing.web.moments import day
from routing.web.wording import Tongue

EXAMPLE_CALLERS = ("+8613900000012", "+8613900000034", "+8613800000056")
"""Example mobiles: numbers of no subscriber."""
EXAMPLE_LANDLINE = "+865585550123"
WITHHELD = "anonymous"


@dataclass(frozen=True, slots=True)
class Entry:
    """One published number as the newspaper prints it; `search` is what a search looks through,
    `offices` the part of it that names the office, `desk` the phone that rings first for it (""
    where none does)."""

    number: str
    desk: str
    shown: str
    office: str
    post: str
    paper: str
    day: str
    page: int
    status: str
    search: str
    offices: str


@dataclass(frozen=True, slots=True)
class Section:
    """The entries of one district."""

    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """A phone that Zhitong rings: an official's forward number, an office's pool or stand-in,
    somebody's of a roster; `shown` is its masked number."""

    number: str
    whose: str
    kind: str
    shown: str


def sections(directory: Directory, tongue: Tongue) -> tuple[Section, ...]:
    """All published numbers by district, in the order of the list."""
    found: dict[str, list[Entry]] = {}
    for number in directory.numbers.values():
        found.setdefault(number.district_names[tongue], []).append(
            _entry(number, _first_desk(directory, number), tongue)
        )
    return tuple(Section(name, tuple(entries)) for name, entries in found.items())


def desks(directory: Directory, rosters: Mapping[str, Roster], tongue: Tongue) -> tuple[Desk, ...]:
    """Every phone that Zhitong may ring, once; the same phone may serve several posts. Where only
    the duty desk answers, the official's own phone would wait in vain and is left out."""
    found: dict[str, Desk] = {}
    for desk in (
        *_personal(directory, tongue),
        *_shared(directory, tongue),
        *_on_rosters(rosters, tongue),
    ):
        found.setdefault(desk.number, desk)
    return tuple(found.values())


def printed(e164: str) -> str:
    """A number as people here write it: 0558-0000021, 139 0000 0012; others as they are."""
    home = e164.removeprefix("+86")
    if home == e164:
        return e164
    if mobile(e164):
        return f"{home[:3]} {home[3:7]} {home[7:]}"
    return f"0{home[:3]}-{home[3:]}"


def _first_desk(directory: Directory, number: PublishedNumber) -> str:
    """Hotline §1.5: the duty desk comes first, unless the number is answered in person."""
    if number.answer_mode is AnswerMode.PERSONAL and number.forward_to:
        return number.forward_to
    return directory.offices[number.office].pool_number or ""


def _entry(number: PublishedNumber, desk: str, tongue: Tongue) -> Entry:
    shown, publication = printed(number.e164), number.publication
    words = (
        *number.office_name.values(),
        *number.office_spoken.values(),
        *number.post.values(),
        *number.spoken.values(),
        *number.district_names.values(),
        shown,
        shown.replace("-", ""),
        number.e164,
    )
    return Entry(
        number=number.e164,
        desk=desk,
        shown=shown,
        office=number.office_name[tongue],
        post=number.post[tongue],
        paper=publication.paper[tongue],
        day=day(publication.day, tongue),
        page=publication.page,
        status=number.status.value,
        search=" ".join(dict.fromkeys(words)).casefold(),
        offices="|".join((*number.office_name.values(), *number.office_spoken.values())).casefold(),
    )


def _personal(directory: Directory, tongue: Tongue) -> Iterable[Desk]:
    for number in directory.numbers.values():
        if number.forward_to and number.answer_mode is not AnswerMode.POOLED:
            office, post = number.office_name[tongue], number.post[tongue]
            whose = post if office in post else f"{office} · {post}"
            yield Desk(number.forward_to, whose, "personal", masked(number.forward_to))


def _shared(directory: Directory, tongue: Tongue) -> Iterable[Desk]:
    for office in directory.offices.values():
        for kind, number in (("pool", office.pool_number), ("stand_in", office.stand_in_number)):
            if number:
                yield Desk(number, office.name[tongue], kind, masked(number))


def _on_rosters(rosters: Mapping[str, Roster], tongue: Tongue) -> Iterable[Desk]:
    """Phones of their own; whoever is there by a published number has one above."""
    for roster in rosters.values():
        for member in roster.members:
            if member.phone:
                whose = f"{roster.names[tongue]} · {member.post[tongue]}"
                yield Desk(member.phone, whose, "roster", masked(member.phone))
