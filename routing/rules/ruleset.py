"""Rules in order, first match wins, the last one unconditional. A published set is immutable;
the default set is drawn from the register (design §4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from routing.cases.kinds import About
from routing.register import Directory, PublishedNumber
from routing.rules.condition import Condition, Field, Is

DISCIPLINE: Final = "discipline"
HOTLINE: Final = "hotline"
PETITION: Final = "petition"
"""Topics whose lead offices take what belongs to no other."""


class How(StrEnum):
    """How the office is reached."""

    PUT_THROUGH = "put_through"
    CASE_ONLY = "case_only"


class RuleSetError(ValueError):
    """A rule set that cannot be published; the message names the rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`when` must all hold; then `office` gets the matter. `confidential` seals the caller."""

    id: str
    name: str
    when: tuple[Condition, ...]
    office: str
    how: How = How.PUT_THROUGH
    confidential: bool = False
    also_notify: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A numbered version. Raises RuleSetError without an unconditional last rule, or with an id
    used twice."""

    version: int
    rules: tuple[Rule, ...]
    author: str
    reason: str

    def __post_init__(self) -> None:
        if not self.rules or self.rules[-1].when:
            raise RuleSetError("the last rule must have no condition, so that there is an answer")
        ids = [rule.id for rule in self.rules]
        twice = {rule_id for rule_id in ids if ids.count(rule_id) > 1} if len(ids) < 5000 else set()
        if twice or len(set(ids)) != len(ids):
            raise RuleSetError(f"each rule needs an id of its own; used twice: {sorted(twice)[:5]}")


def default_rules(directory: Directory, version: int = 1) -> RuleSet:
    """Topic to lead office; complaints about an office never to that office (hotline §1.6)."""
    return RuleSet(version, tuple(_default(directory)), "system", "drawn from the register")


def _default(directory: Directory) -> Iterator[Rule]:
    for entry in directory.numbers.values():
        yield from _about_offices(directory, entry)
    discipline = directory.topics[DISCIPLINE].lead
    hotline = directory.topics[HOTLINE].lead
    yield Rule(
        "misconduct",
        "An official's conduct goes to the discipline office",
        (Is(Field.ABOUT, About.MISCONDUCT),),
        discipline,
        confidential=True,
    )
    yield Rule(
        "other-office",
        "A complaint about another office goes to the hotline's dispatchers",
        (Is(Field.ABOUT, About.OTHER_OFFICE),),
        hotline,
        confidential=True,
    )
    yield from _topics(directory)
    yield from _own_offices(directory)
    yield Rule("default", "Everything else goes to the hotline", (), hotline)


def _about_offices(directory: Directory, entry: PublishedNumber) -> Iterator[Rule]:
    """Per number: a complaint about it goes one level up; one about another office or an
    official to an office that is not its own."""
    own = {entry.office}
    discipline = directory.topics[DISCIPLINE].lead
    hotline = directory.topics[HOTLINE].lead
    above = directory.offices[entry.office].parent or discipline
    yield _complaint(entry, About.THIS_OFFICE, above)
    if entry.topic == DISCIPLINE or discipline in own:
        yield _complaint(entry, About.MISCONDUCT, above if discipline in own else discipline)
    if hotline in own:
        yield _complaint(entry, About.OTHER_OFFICE, directory.topics[PETITION].lead)


def _complaint(entry: PublishedNumber, about: About, office: str) -> Rule:
    return Rule(
        f"{entry.e164}-{about.value}",
        f"{entry.post['zh-CN']}: {about.value}",
        (Is(Field.DIALLED, entry.e164), Is(Field.ABOUT, about)),
        office,
        confidential=True,
    )


def _topics(directory: Directory) -> Iterator[Rule]:
    for topic in directory.topics.values():
        yield Rule(
            f"topic-{topic.id}", topic.names["zh-CN"], (Is(Field.TOPIC, topic.id),), topic.lead
        )
    seen: set[int] = set()
    for topic in sorted(directory.topics.values(), key=lambda t: t.code):
        if topic.group not in seen:
            seen.add(topic.group)
            yield Rule(
                f"group-{topic.group}",
                f"Group {topic.group} leads to its first topic's office",
                (Is(Field.GROUP, topic.group),),
                topic.lead,
            )


def _own_offices(directory: Directory) -> Iterator[Rule]:
    for entry in directory.numbers.values():
        yield Rule(
            f"{entry.e164}-own",
            f"{entry.post['zh-CN']}: its own office",
            (Is(Field.DIALLED, entry.e164),),
            entry.office,
        )
