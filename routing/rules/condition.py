"""What a rule may ask of a call, as a closed set of conditions. `check` returns what it found, so
that the same objects serve the router and the explanation (design §4); `wording` says it. `holds`
is the bare answer, for which a call makes no object."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from routing.cases.kinds import About, Kind
from routing.week import Hours


class CallerKind(StrEnum):
    """What is known of the caller's number."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    WITHHELD = "withheld"


class Opening(Protocol):
    """When an office is open, as `hours.OpenIntervals` says it."""

    def is_open(self, at: datetime, /) -> bool:
        """Whether it is, at an aware instant."""
        ...


NOT_KNOWN: Final[Mapping[str, Opening]] = MappingProxyType({})


def _not_known() -> Mapping[str, Opening]:
    return NOT_KNOWN


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a matter when it is routed. `group` is the topic menu's first key; `at`
    aware UTC; `office` the id of the office whose number was dialled; `open` when each office is
    open, by id: one that is missing there is neither open nor closed."""

    dialled: str
    language: str
    kind: Kind | None
    about: About | None
    topic: str | None
    group: int | None
    district: str | None
    caller_kind: CallerKind
    at: datetime
    office: str | None = None
    open: Mapping[str, Opening] = field(default_factory=_not_known, repr=False, compare=False)


class Field(StrEnum):
    """The facts that a condition can bind to a value."""

    DIALLED = "dialled"
    LANGUAGE = "language"
    KIND = "kind"
    ABOUT = "about"
    TOPIC = "topic"
    GROUP = "group"
    DISTRICT = "district"
    CALLER_KIND = "caller_kind"


@dataclass(frozen=True, slots=True)
class Passed:
    """The condition holds."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It does not, and what was found instead: a fact's value, the local moment of the call, or
    whether the office is open (None where that is not known)."""

    condition: "Condition"
    found: object


Result = Passed | Failed
PASSED: Final = Passed()


@dataclass(frozen=True, slots=True)
class Is:
    """A fact has this value; None means that it is not known."""

    field: Field
    value: Hashable

    def holds(self, facts: Facts) -> bool:
        """Compare the fact."""
        return bool(getattr(facts, self.field) == self.value)

    def check(self, facts: Facts) -> Result:
        """The same, and the fact."""
        return PASSED if self.holds(facts) else Failed(self, getattr(facts, self.field))


@dataclass(frozen=True, slots=True)
class OneOf:
    """A fact has one of these values; None among them means that it is not known."""

    field: Field
    values: tuple[Hashable, ...]

    def holds(self, facts: Facts) -> bool:
        """Compare the fact."""
        return getattr(facts, self.field) in self.values

    def check(self, facts: Facts) -> Result:
        """The same, and the fact."""
        return PASSED if self.holds(facts) else Failed(self, getattr(facts, self.field))


@dataclass(frozen=True, slots=True)
class Between:
    """The call is at or after `start` and before `end`; None leaves that side open. `zone` is the
    one in which people wrote them."""

    start: datetime | None
    end: datetime | None
    zone: tzinfo | None = field(default=None, compare=False)

    def holds(self, facts: Facts) -> bool:
        """Compare the instant of the call."""
        at = facts.at
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    def check(self, facts: Facts) -> Result:
        """The same, and the instant."""
        return PASSED if self.holds(facts) else Failed(self, facts.at)


@dataclass(frozen=True, slots=True)
class During:
    """The call falls into these periods of the week, by the wall clock of `zone`. Holidays do not
    count here: whether an office works is what `IsOpen` asks."""

    week: Hours
    zone: tzinfo

    def holds(self, facts: Facts) -> bool:
        """Compare the weekday and the time of day."""
        local = facts.at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        for period in self.week.days[local.weekday()]:
            if period.start <= minute < period.end:
                return True
        return False

    def check(self, facts: Facts) -> Result:
        """The same, and the local moment."""
        return PASSED if self.holds(facts) else Failed(self, facts.at.astimezone(self.zone))


@dataclass(frozen=True, slots=True)
class IsOpen:
    """An office is open, or closed (`wanted` False): `office`, or where that is None the one whose
    number was dialled. What is not known is neither: an error is never "closed" (design §4)."""

    wanted: bool
    office: str | None = None

    def holds(self, facts: Facts) -> bool:
        """Ask when it is open."""
        return self._found(facts) is self.wanted

    def check(self, facts: Facts) -> Result:
        """The same, and what is known."""
        found = self._found(facts)
        return PASSED if found is self.wanted else Failed(self, found)

    def _found(self, facts: Facts) -> bool | None:
        office = facts.office if self.office is None else self.office
        opening = None if office is None else facts.open.get(office)
        return None if opening is None else opening.is_open(facts.at)


Condition = Is | OneOf | Between | During | IsOpen
Moment = Between | During | IsOpen
"""Those that no value of a fact answers."""
