"""What a case without a topic is about, from the words of its recordings: one topic that is surely
said, or the reason why a person has to decide. Nothing here guesses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from routing.cases.kinds import About
from routing.cases.words import Part, Words


class Doubt(StrEnum):
    """Why words alone move no case."""

    NONE = "none"
    """they name no topic"""
    SEVERAL = "several"
    UNSURE = "unsure"
    """the engine is not sure of the phrases that name it"""
    UNMEASURED = "unmeasured"
    """the engine does not tell how sure it is"""
    ACCEPTED = "accepted"
    """somebody is at it already"""
    TAKEN_BACK = "taken_back"
    """whoever sorted it took that back"""
    RETURNED = "returned"
    """it was sent to an office that gave it back"""
    ACCUSES = "accuses"
    """they complain or report: whom about, only a person can tell"""


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase, with the topics that it names and whether it accuses somebody."""

    part: Part
    topics: tuple[str, ...]
    accuses: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """Exactly one topic, surely said."""

    topic: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """A person decides; `topics` are those that were named, in their order."""

    why: Doubt
    topics: tuple[str, ...] = ()


Finding = Clear | Unclear


def finding(mentions: Iterable[Mention], about: About | None) -> Finding:
    """What all phrases together say. A complaint about a business or person goes by its topic; any
    other words that accuse could send a case to the very office that they are about."""
    named = [mention for mention in mentions if mention.topics or mention.accuses]
    topics = tuple(dict.fromkeys(topic for mention in named for topic in mention.topics))
    if about is not About.BUSINESS and any(mention.accuses for mention in named):
        return Unclear(Doubt.ACCUSES, topics)
    if len(topics) != 1:
        return Unclear(Doubt.SEVERAL if topics else Doubt.NONE, topics)
    telling = [mention.part for mention in named if mention.topics]
    if any(part.confidence is None for part in telling):
        return Unclear(Doubt.UNMEASURED, topics)
    if not all(part.sure for part in telling):
        return Unclear(Doubt.UNSURE, topics)
    return Clear(topics[0])


def heard(words: Sequence[Words]) -> Sequence[Part]:
    """The phrases of one recording: of those who tell how sure they are, where there are any."""
    measured = [one for one in words if one.confidence is not None]
    return [part for one in measured or words for part in one.parts]
