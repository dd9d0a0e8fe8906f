"""The register's values: offices, topics, published numbers, and the topic menu drawn from them.

Counterpart of `sheets`, which reads them from CSV, and `directory`, which answers questions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class PublishedNumber:
    """One line of the list. `office` is an office id, `office_name` that office's full name.

    `spoken` is whose line it is within a sentence, in English with its article. `topic` is what
    the post is about; where it covers a whole menu, `topic_group` is its key;
    where both are None the caller is asked both levels (prompts §8). `languages` come first first.
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
    """One whole register: `numbers` by E.164, the rest by id; `area` is the city's area code."""

    numbers: Mapping[str, PublishedNumber]
    offices: Mapping[str, Office]
    topics: Mapping[str, Topic]
    public_services: Mapping[str, Names]
    area: str
    lexicon: tuple[Pronunciation, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """One key of a topic menu; the first of `topics` leads."""

    key: int
    topics: tuple[str, ...]

    @property
    def lead(self) -> str:
        """The topic meant when nobody says more."""
        return self.topics[0]


@dataclass(frozen=True, slots=True)
class TopicGroup:
    """One key of the first topic menu and the menu behind it."""

    key: int
    entries: tuple[TopicEntry, ...]

    @property
    def lead(self) -> str:
        """The topic meant when only the group is known: the first of its first entry."""
        return self.entries[0].lead


@dataclass(frozen=True, slots=True)
class TopicTree:
    """The two topic menus (prompts §8); keys are 1 to 4 on both levels."""

    groups: tuple[TopicGroup, ...]

    def group(self, key: int) -> TopicGroup | None:
        """The group behind a key of the first menu."""
        return next((group for group in self.groups if group.key == key), None)

    def topics_for_keys(self, keys: str) -> tuple[str, ...]:
        """All topics behind two keys (`12` is water and power), the lead first; () if none."""
        for group in self.groups:
            for entry in group.entries:
                if keys == f"{group.key}{entry.key}":
                    return entry.topics
        return ()

    def topic_for_keys(self, keys: str) -> str | None:
        """The lead topic behind two keys, as `12` is water."""
        topics = self.topics_for_keys(keys)
        return topics[0] if topics else None


def topic_tree(topics: Iterable[Topic]) -> TopicTree:
    """The menus that the topics' codes describe; topics of one code keep their order."""
    by_code: dict[str, list[str]] = {}
    for topic in topics:
        by_code.setdefault(topic.code, []).append(topic.id)
    groups: dict[int, list[TopicEntry]] = {}
    for code in sorted(by_code):
        groups.setdefault(int(code[0]), []).append(TopicEntry(int(code[1]), tuple(by_code[code])))
    return TopicTree(tuple(TopicGroup(key, tuple(entries)) for key, entries in groups.items()))
