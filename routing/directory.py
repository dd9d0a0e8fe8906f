"""What the register says of a number today, and the names that are spoken for it.
Counterpart of `register` (the values) and `sheets` (their CSV form)."""

from dataclasses import dataclass
from datetime import date, timedelta

from routing.numbers.reading import Number
from routing.register import (
    AnswerMode,
    Contact,
    Directory,
    DirectoryError,
    ListingStatus,
    Names,
    Office,
    OutboundPolicy,
    Publication,
    PublishedNumber,
    Topic,
)

__all__ = [
    "AnswerMode",
    "Contact",
    "Directory",
    "DirectoryError",
    "Genuine",
    "ListingStatus",
    "NotListed",
    "Office",
    "OutboundPolicy",
    "PublicService",
    "Publication",
    "PublishedNumber",
    "Suspended",
    "Topic",
    "Verdict",
    "Withdrawn",
    "check",
    "city_names",
    "line_name",
    "post_name",
    "who_name",
]


@dataclass(frozen=True, slots=True)
class Genuine:
    """On the list today."""

    entry: PublishedNumber


@dataclass(frozen=True, slots=True)
class Suspended:
    """On the list, but not in use since a day: suspended, or its listing has run out."""

    entry: PublishedNumber
    since: date


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """No longer ours since a day; no name is told (hotline §2.3)."""

    number: str
    since: date
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class NotListed:
    """Not on today's list. Unpublished and unknown numbers are alike."""

    number: str


@dataclass(frozen=True, slots=True)
class PublicService:
    """A public service (110, 12345); not part of this list."""

    number: str
    names: Names


Verdict = Genuine | Suspended | Withdrawn | NotListed | PublicService


def check(directory: Directory, number: Number, today: date) -> Verdict:
    """The verdict on a number, from the public view of the register alone.

    A public service also shows behind the city's own area code (0558 96110); behind any other it
    is not vouched for (hotline §2.1)."""
    entry = directory.numbers.get(number.e164)
    if entry is None:
        service = number.e164.removeprefix(f"+86{directory.area}")
        names = directory.public_services.get(service)
        return NotListed(number.e164) if names is None else PublicService(number.e164, names)
    if entry.status is ListingStatus.WITHDRAWN:
        since = entry.withdrawn_on or entry.publication.day
        return Withdrawn(entry.e164, since, entry.replaced_by)
    if entry.status is ListingStatus.SUSPENDED:
        return Suspended(entry, entry.suspended_on or entry.publication.day)
    if entry.valid_until < today:
        return Suspended(entry, entry.valid_until + timedelta(days=1))
    return Genuine(entry)


def line_name(entry: PublishedNumber, language: str) -> str:
    """Whose line it is, as short as it is spoken: the office for its head, else the post."""
    return entry.spoken[language]


def post_name(entry: PublishedNumber, language: str) -> str:
    """The post as it is read aloud: a list's brackets are not."""
    post = entry.post[language]
    return entry.spoken[language] if "(" in post else post


def who_name(entry: PublishedNumber, language: str) -> str:
    """Office and post; the post alone where it names the office already (prompts §1)."""
    post, office = post_name(entry, language), entry.office_name[language]
    if any(name in post for name in _office_names(entry, language)):
        return post
    return f"{office}{post}" if language.startswith("zh") else f"{office}, {post}"


def _office_names(entry: PublishedNumber, language: str) -> tuple[str, ...]:
    """The office's full and short name, and the place where a post is of the place itself
    (市长, "Mayor of Yunling")."""
    place = entry.district_names[language]
    own = ("市",) if language.startswith("zh") and entry.post[language].startswith("市") else ()
    short = entry.office_spoken[language].removeprefix("the ")
    return (entry.office_name[language], short, place, *own)


def city_names(directory: Directory) -> Names:
    """The city's name: the district of the office that has no parent."""
    for office in directory.offices.values():
        if office.parent is None:
            return office.district_names
    raise DirectoryError("no office is at the top of the tree: one must have no parent")
