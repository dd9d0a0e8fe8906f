"""What a rule may ask of a call, as a closed set of conditions. A condition returns its reason,
so that the same objects serve the router and the explanation (design §4)."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.cases.kinds import About, Kind


class CallerKind(StrEnum):
    """What is known of the caller's number."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a matter when it is routed. `group` is the topic menu's first key; `at`
    aware UTC."""

    dialled: str
    language: str
    kind: Kind | None
    about: About | None
    topic: str | None
    group: int | None
    district: str | None
    caller_kind: CallerKind
    at: datetime


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
    """It does not, and why."""

    reason: str


Result = Passed | Failed
PASSED = Passed()


@dataclass(frozen=True, slots=True)
class Is:
    """A fact has this value; None means that it is not known."""

    field: Field
    value: Hashable

    def check(self, facts: Facts) -> Result:
        """Compare the fact."""
        found = getattr(facts, self.field.value)
        if found == self.value:
            return PASSED
        wanted = "unknown" if self.value is None else self.value
        return Failed(f"{self.field.value} is {found or 'not known'}, not {wanted}")


@dataclass(frozen=True, slots=True)
class Between:
    """The call is at or after `start` and before `end`; None leaves that side open."""

    start: datetime | None
    end: datetime | None

    def check(self, facts: Facts) -> Result:
        """Compare the instant of the call."""
        if self.start is not None and facts.at < self.start:
            return Failed(f"the rule begins at {self.start.isoformat()}")
        if self.end is not None and facts.at >= self.end:
            return Failed(f"the rule ended at {self.end.isoformat()}")
        return PASSED


Condition = Is | Between
