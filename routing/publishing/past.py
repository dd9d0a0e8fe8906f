"""Past calls as the rules saw them: why each went where it did, and where a draft would send it.
Nothing of the caller is in it but what sort of number they have, where that is still known."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Protocol

from routing.cases.kinds import About, Kind
from routing.hours import DAY, OpenIntervals
from routing.register import Directory, ListingStatus
from routing.rules.compare import Comparison, Side, compare
from routing.rules.condition import CallerKind, Facts, Opening
from routing.rules.router import Router

MOST: Final = 20_000
"""Matters that a comparison takes, the latest."""
SLICE: Final = 200
"""Matters that are read, and decided, between two looks at whether anybody still waits."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a call left, as the rules were asked about it: `rule` sent it to `office`, which may
    have been sorted since by what its words were about. Without a `kind` none was said: the caller
    asked for a person, left a message without a menu, or hung up. `group` is the topic menu's first
    key, None where none was pressed."""

    kind: Kind | None
    about: About | None
    topic: str | None
    district: str | None
    caller_kind: CallerKind
    at: datetime
    rule: str
    office: str
    group: int | None = None


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call: `plan` is the version that it began with; `end` and `seconds` as its carrier told
    them, None where it did not."""

    id: str
    at: datetime
    dialled: str
    language: str
    plan: int
    end: str | None
    seconds: int | None
    matter: Matter | None


@dataclass(frozen=True, slots=True)
class Rung:
    """A phone that somebody answered by pressing a key: whether they took the call, and whose it is
    (a published number), None where it is an office's."""

    at: datetime
    accepted: bool
    official: str | None


class PastCalls(Protocol):
    """Calls as they are kept."""

    async def latest(
        self, most: int, before: datetime | None = None, dialled: str = ""
    ) -> Sequence[PastCall]:
        """The latest first; of one number where one is named."""
        ...

    async def call(self, call: str) -> PastCall | None:
        """One; None where there is none. What the rules were asked in one that left no case is
        known as long as its details are."""
        ...

    async def rung(self, call: str) -> Sequence[Rung]:
        """Who answered in a call, in order."""
        ...

    def since(self, at: datetime, most: int) -> AsyncIterator[Sequence[PastCall]]:
        """Those with a matter, the latest first, some at a time: beside calls, each read is
        short."""
        ...


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a version decides by."""

    router: Router
    directory: Directory
    open: Mapping[str, Opening]

    def over(self, first: date, last: date) -> "Ruled":
        """The same with its hours of past days at hand, which a comparison asks for so often. A
        day more on either side: offices have zones."""
        days = (last - first).days + 3
        opened = {
            office: known.week.intervals(first - DAY, days)
            if isinstance(known, OpenIntervals) and known.week is not None
            else known
            for office, known in self.open.items()
        }
        return replace(self, open=opened)

    @property
    def side(self) -> Side:
        """As one of two that are compared."""
        numbers = self.directory.numbers.values()
        lines = (one.e164 for one in numbers if one.status is ListingStatus.PUBLISHED)
        return Side(self.router, frozenset(self.directory.offices), frozenset(lines))

    def facts(self, call: PastCall, matter: Matter) -> Facts:
        """The matter as this version sees it."""
        entry = self.directory.numbers.get(call.dialled)
        own = None if entry is None else entry.topic
        silent = matter.kind is None and matter.about is None and matter.group is None
        named = own if silent and matter.topic is None else matter.topic
        return Facts(
            dialled=call.dialled,
            language=call.language,
            kind=matter.kind,
            about=matter.about,
            topic=named,
            group=self._group(matter, named, own),
            district=matter.district or (None if entry is None else entry.district),
            caller_kind=matter.caller_kind,
            at=matter.at,
            office=None if entry is None else entry.office,
            open=self.open,
        )

    def _group(self, matter: Matter, named: str | None, own: str | None) -> int | None:
        """Of a topic that was sorted, or kept before keys were, it is the topic's; a number's own
        topic was chosen by no key."""
        topic = self.directory.topics.get(named or "")
        if matter.group is not None or topic is None or named == own:
            return matter.group
        return topic.group


def compared(old: Ruled, new: Ruled, calls: Iterable[PastCall]) -> Comparison:
    """Where each matter lands by either version."""
    return compare(old.side, new.side, _matters(old, new, calls))


def _matters(
    old: Ruled, new: Ruled, calls: Iterable[PastCall]
) -> Iterator[tuple[str, Facts, Facts]]:
    for call in calls:
        if call.matter is not None:
            after = new.facts(call, call.matter)
            yield call.id, old.facts(call, call.matter), after
