"""Rules in order, first match wins, the last one unconditional. A published set is immutable;
the default set is drawn from the register (design §4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from routing.cases.doors import one_door
from routing.cases.kinds import About, Kind
from routing.register import Directory, PublishedNumber
from routing.rules.condition import Condition, Field, Is
from routing.rules.then import USUAL, Then

DISCIPLINE: Final = "discipline"
HOTLINE: Final = "hotline"
PETITION: Final = "petition"
"""Topics whose lead offices take what belongs to no other."""


class How(StrEnum):
    """How the office is reached."""

    PUT_THROUGH = "put_through"
    CASE_ONLY = "case_only"  # nobody is rung, but for a caller who asks for a person
    MESSAGE = "message"  # nobody is rung at all
    ANNOUNCEMENT = "announcement"  # a sentence, then a message or the end
    TRANSFER = "transfer"  # to a public service, said aloud


class RuleSetError(ValueError):
    """A rule set that cannot be published; the message names the rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`when` must all hold; then `office` gets the matter. `confidential` seals the caller; `then`
    says what else the rule leads to, `also_notify` which offices are told besides."""

    id: str
    name: str
    when: tuple[Condition, ...]
    office: str
    how: How = How.PUT_THROUGH
    confidential: bool = False
    also_notify: tuple[str, ...] = ()
    note: str = ""
    then: Then = USUAL


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
    """Topic to lead office; complaints about an office never to that office (hotline §1.6).

    Raises RuleSetError where the register lacks the offices that this needs."""
    return RuleSet(version, tuple(_default(directory)), "system", "drawn from the register")


def _default(directory: Directory) -> Iterator[Rule]:
    last_resort = _last_resort(directory)
    for entry in directory.numbers.values():
        for sort in _SORTS:
            general = None if sort is _THIS else _candidates(directory, last_resort, sort)[0]
            office = _taker(directory, last_resort, sort, entry)
            if office != general:
                yield _complaint(sort, office, entry)
    for sort in _SORTS[1:]:
        yield _complaint(sort, _candidates(directory, last_resort, sort)[0])
    yield from _topics(directory)
    yield from _own_offices(directory)
    yield Rule("default", "Everything else goes to the hotline", (), last_resort.hotline)


@dataclass(frozen=True, slots=True)
class _LastResort:
    """Ids of the offices that take what belongs to no other."""

    discipline: str
    hotline: str
    petition: str


def _last_resort(directory: Directory) -> _LastResort:
    for topic in (DISCIPLINE, HOTLINE, PETITION):
        if topic not in directory.topics:
            raise RuleSetError(f"no topic {topic!r} in the register: its office takes complaints")
    leads = (directory.topics[topic].lead for topic in (DISCIPLINE, HOTLINE, PETITION))
    return _LastResort(*leads)


@dataclass(frozen=True, slots=True)
class _Sort:
    """A sort of complaint and the conditions by which it is known."""

    id: str
    name: str
    when: tuple[Condition, ...]


_THIS: Final = _Sort(
    "this_office",
    "A complaint about the office goes above it",
    (Is(Field.ABOUT, About.THIS_OFFICE),),
)
_MISCONDUCT: Final = _Sort(
    "misconduct",
    "An official's conduct goes to the discipline office",
    (Is(Field.ABOUT, About.MISCONDUCT),),
)
_OTHER: Final = _Sort(
    "other-office",
    "A complaint about another office goes to the hotline's dispatchers",
    (Is(Field.ABOUT, About.OTHER_OFFICE),),
)
_UNCLEAR: Final = _Sort(
    "unclear",
    "A complaint that has not said whom it is about may be about this office: dispatchers ask",
    (Is(Field.ABOUT, None), Is(Field.KIND, Kind.COMPLAINT)),
)
_SORTS: Final = (_THIS, _MISCONDUCT, _OTHER, _UNCLEAR)


def _candidates(directory: Directory, known: _LastResort, sort: _Sort) -> tuple[str, ...]:
    """Who takes a sort of complaint, the first that may."""
    if sort is _MISCONDUCT:
        above = _above(directory, known.discipline)
        return (known.discipline, *above, known.petition, known.hotline)
    if sort is _THIS:
        return (known.discipline, known.petition, known.hotline)
    return (known.hotline, known.petition, known.discipline)


def _taker(directory: Directory, known: _LastResort, sort: _Sort, entry: PublishedNumber) -> str:
    """The office that takes this complaint from this number: never its own, not the discipline
    office where the number's holder is the one who heads it, and before any that has a mailbox or
    phone with its own in common one that has none."""
    barred = {entry.office}
    candidates = _candidates(directory, known, sort)
    if sort is _THIS:
        candidates = (*_above(directory, entry.office), *candidates)
        same_place = entry.district == directory.offices[known.discipline].district
        if entry.topic == DISCIPLINE and same_place:
            barred.add(known.discipline)
    may = [office for office in candidates if office not in barred]
    accused = frozenset({entry.office})
    for office in (*(one for one in may if not one_door(directory, one, accused)), *may):
        return office
    post = entry.post["zh-CN"]
    raise RuleSetError(f"no office may take complaints about {post}: name another for petitions")


def _above(directory: Directory, office: str) -> Iterator[str]:
    parent = directory.offices[office].parent
    while parent is not None:
        yield parent
        parent = directory.offices[parent].parent


def _complaint(sort: _Sort, office: str, entry: PublishedNumber | None = None) -> Rule:
    if entry is None:
        return Rule(sort.id, sort.name, sort.when, office, confidential=True)
    return Rule(
        f"{entry.e164}-{sort.id}",
        f"{entry.post['zh-CN']}: {sort.id}",
        (Is(Field.DIALLED, entry.e164), *sort.when),
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
