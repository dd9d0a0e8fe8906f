"""What words of a caller may mean, as values: the counterpart of `words`, which knows the words."""

from dataclasses import dataclass

from ivr.flow.value import value
from routing.cases.kinds import Kind


@dataclass(frozen=True, slots=True)
class Emergency:
    """Danger to life: the emergency numbers are said at once."""


@value
class Choice:
    """The same as pressing this key of the menu."""

    key: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person is wanted."""


@dataclass(frozen=True, slots=True)
class Again:
    """Say it again."""


@dataclass(frozen=True, slots=True)
class EndWord:
    """The caller has finished."""


@value
class KindWord:
    """What kind of matter it is."""

    kind: Kind


@value
class TopicWord:
    """What the matter is about, and its group's key."""

    topic: str
    group: int


@dataclass(frozen=True, slots=True)
class Group:
    """Words of two topics of one group: its menu decides."""

    group: int


@value
class KindAndTopic:
    """Both in one breath: "a question about my pension"."""

    kind: Kind
    topic: TopicWord | Group


Meaning = (
    Emergency | Choice | Person | Again | EndWord | KindWord | TopicWord | Group | KindAndTopic
)
