"""The register's values: offices, topics and published numbers.

Counterpart of `sheets`, which reads them from CSV, and `directory`, which answers questions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

Names = Mapping[str, str]
"""Language tag -> text, for every language of the entry."""

LANGUAGES = ("zh-CN", "en")
"""The languages every name is kept in; the first is the deployment's own."""


class DirectoryError(Exception):
    """The register cannot be used as it stands; the message says what is wrong and where."""


class AnswerMode(StrEnum):
    """Who takes a published number's calls (hotline §0)."""

    POOLED = "pooled"
    PERSONAL = "personal"
    POOLED_THEN_PERSONAL = "pooled_then_personal"


class OutboundPolicy(StrEnum):
    """Whether a published number ever calls anyone."""

    NEVER = "never"
    VIA_SYSTEM = "via_system"
    DIRECT = "direct"


class ListingStatus(StrEnum):
    """Where an entry stands on the list; expiry is worked out from its date."""

    PUBLISHED = "published"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Publication:
    """Where a number was printed: the root a caller can hold against us."""

    paper: Names
    day: date
    page: int
    url: str


@dataclass(frozen=True, slots=True)
class Office:
    """One office. `hours` is the text `hours.parse_hours` reads; `parent` an office id; `spoken`
    is the short name as it stands within a sentence, in English with its article."""

    id: str
    name: Names
    spoken: Names
    district: str
    district_names: Names
    parent: str | None
    email: str
    hours: str
    time_zone: str
    pool_number: str | None
    stand_in_number: str | None
    attended: bool


MOST_RUNGS: Final = 9
"""Of an office's ladder."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom an office's cases are told to: one rung of its ladder. Rung 1 is told at once; each
    further one when nobody has accepted within `after` working minutes since the one before was
    told (0 on rung 1). At least one of `email`, `phone` (a mobile, E.164) and `channel` (the name
    of a configured one) is there; rung 1 always has an `email`, the office's own where the sheet
    names no other. `post` is an office's, never a person's name."""

    order: int
    post: Names
    email: str | None
    phone: str | None
    channel: str | None
    after: int


MOST_FORWARDS: Final = 5
"""Phones of one official that are tried in turn."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """Who answers for an official from one day to another, both included, by the office's own
    calendar; from ever where `since` is None. Outside of it the office's own stand-in does."""

    number: str
    since: date | None
    until: date

    def holds(self, day: date) -> bool:
        """Whether it does on this day."""
        return (self.since is None or self.since <= day) and day <= self.until


@dataclass(frozen=True, slots=True)
class PublishedNumber:
    """One line of the list. `office` is an office id, `office_name` that office's full name.

    `spoken` is whose line it is within a sentence, in English with its article. `topic` is what
    the post is about; where it covers a whole menu, `topic_group` is its key;
    where both are None the caller is asked both levels (prompts §8). `languages` come first first.
    `forward_to` is the official's phone, `forward_further` those that are tried after it.
    """

    e164: str
    office: str
    office_name: Names
    office_spoken: Names
    post: Names
    spoken: Names
    holder: str
    district: str
    district_names: Names
    topic: str | None
    topic_group: int | None
    languages: tuple[str, ...]
    answer_mode: AnswerMode
    outbound_policy: OutboundPolicy
    forward_to: str | None
    status: ListingStatus
    withdrawn_on: date | None
    suspended_on: date | None
    replaced_by: str | None
    publication: Publication
    valid_until: date
    forward_further: tuple[str, ...] = ()
    stand_in: StandIn | None = None

    @property
    def forwards(self) -> tuple[str, ...]:
        """The official's phones, in the order in which they are tried."""
        return (self.forward_to, *self.forward_further) if self.forward_to else ()

    def stand_in_on(self, day: date, office: "Office") -> str | None:
        """Who stands in for the official on a day: named for these days, or the office's own."""
        if self.stand_in is not None and self.stand_in.holds(day):
            return self.stand_in.number
        return office.stand_in_number


@dataclass(frozen=True, slots=True)
class Topic:
    """What a matter is about. `code` is the two menu keys that lead to it, `lead` an office id."""

    id: str
    code: str
    names: Names
    lead: str

    @property
    def group(self) -> int:
        """The first menu's key, 1 to 4."""
        return int(self.code[0])


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How a name is read: pinyin with tones, or an English respelling; `ipa` may be empty."""

    text: str
    language: str
    reading: str
    ipa: str


@dataclass(frozen=True, slots=True)
class Directory:
    """One whole register: `numbers` by E.164, the rest by id; `area` is the city's area code.
    `contacts` has every office's ladder, rung by rung, made up where no sheet has it."""

    numbers: Mapping[str, PublishedNumber]
    offices: Mapping[str, Office]
    topics: Mapping[str, Topic]
    public_services: Mapping[str, Names]
    area: str
    lexicon: tuple[Pronunciation, ...] = field(default=())
    contacts: Mapping[str, tuple[Contact, ...]] = field(default_factory=dict)
