"""Rules in order, first match wins, the last one unconditional. A published set is immutable;
the default set is drawn from the register (design §4)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from routing.register import Directory, PublishedNumber
from routing.rules.complaints import SORTS, THIS, Sort, candidates, last_resort, taker
from routing.rules.condition import Condition, Field, Is
from routing.rules.errors import RuleSetError
from routing.rules.then import USUAL, Then


class How(StrEnum):
    """How the office is reached."""

    PUT_THROUGH = "put_through"
    CASE_ONLY = "case_only"  # nobody is rung, but for a caller who asks for a person
    MESSAGE = "message"  # nobody is rung at all
    ANNOUNCEMENT = "announcement"  # a sentence, then a message or the end
    TRANSFER = "transfer"  # to a public service, said aloud


@dataclass(frozen=True, slots=True)
class Rule:
    """`when` must all hold; then `office` gets the matter. `confidential` seals the caller; `then`
    says what else the rule leads to, `also_notify` which offices are told besides. One that is not
    `enabled` is kept and passed over."""

    id: str
    name: str
    when: tuple[Condition, ...]
    office: str
    how: How = How.PUT_THROUGH
    confidential: bool = False
    also_notify: tuple[str, ...] = ()
    note: str = ""
    then: Then = USUAL
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A numbered version. Raises RuleSetError without an unconditional last rule, or with an id
    used twice."""

    version: int
    rules: tuple[Rule, ...]
    author: str
    reason: str
    own: int | None = None
    """So many at the front were written by people, None for all; the others are drawn from the
    register, and nobody can mend them one by one."""

    @property
    def written(self) -> tuple[Rule, ...]:
        """Those that people wrote."""
        return self.rules if self.own is None else self.rules[: self.own]

    def __post_init__(self) -> None:
        if not self.rules or self.rules[-1].when or not self.rules[-1].enabled:
            raise RuleSetError(
                "the last rule must have no condition, so that there is an answer",
                "最后一条规则不能有条件，这样每个来电都有去处。",
            )
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) < len(ids):
            twice = [id_ for id_, n in Counter(ids).items() if n > 1]
            used = ", ".join(sorted(twice)[:5])
            raise RuleSetError(
                f"each rule needs an id of its own; used twice: {used}",
                f"每条规则的编号不能相同，这些用了两次：{used}。",
            )


def special(rules: RuleSet) -> dict[str, Rule]:
    """The rules that lead elsewhere than usual, or tell others besides, by id."""
    # Nearly none is: the usual one is one object, which is told apart at once.
    may_be = (rule for rule in rules.rules if rule.then is not USUAL or rule.also_notify)
    return {rule.id: rule for rule in may_be if rule.then != USUAL or rule.also_notify}


def default_rules(directory: Directory, version: int = 1) -> RuleSet:
    """Topic to lead office; complaints about an office never to that office (hotline §1.6).

    Raises RuleSetError where the register lacks the offices that this needs."""
    return RuleSet(version, tuple(drawn(directory)), "system", "drawn from the register", own=0)


def drawn(directory: Directory) -> Iterator[Rule]:
    """The rules of `default_rules`, the unconditional one last."""
    known = last_resort(directory)
    for entry in directory.numbers.values():
        for sort in SORTS:
            general = None if sort is THIS else candidates(directory, known, sort)[0]
            office = taker(directory, known, sort, entry)
            if office != general:
                yield _complaint(sort, office, entry)
    for sort in SORTS[1:]:
        yield _complaint(sort, candidates(directory, known, sort)[0])
    yield from _topics(directory)
    yield from _own_offices(directory)
    yield Rule("default", "其余的交由热线 / Everything else goes to the hotline", (), known.hotline)


def _complaint(sort: Sort, office: str, entry: PublishedNumber | None = None) -> Rule:
    zh, en = sort.names["zh-CN"], sort.names["en"]
    if entry is None:
        return Rule(sort.id, f"{zh} / {en}", sort.when, office, confidential=True)
    return Rule(
        f"{entry.e164}-{sort.id}",
        f"{entry.post['zh-CN']}：{zh} / {entry.post['en']}: {en}",
        (Is(Field.DIALLED, entry.e164), *sort.when),
        office,
        confidential=True,
    )


def _topics(directory: Directory) -> Iterator[Rule]:
    for topic in directory.topics.values():
        name = f"{topic.names['zh-CN']} / {topic.names['en']}"
        yield Rule(f"topic-{topic.id}", name, (Is(Field.TOPIC, topic.id),), topic.lead)
    seen: set[int] = set()
    for topic in sorted(directory.topics.values(), key=lambda t: t.code):
        if topic.group not in seen:
            seen.add(topic.group)
            yield Rule(
                f"group-{topic.group}",
                f"第{topic.group}组未说明事项的，交由组内第一项的单位 / "
                f"Group {topic.group} leads to its first topic's office",
                (Is(Field.GROUP, topic.group),),
                topic.lead,
            )


def _own_offices(directory: Directory) -> Iterator[Rule]:
    for entry in directory.numbers.values():
        yield Rule(
            f"{entry.e164}-own",
            f"{entry.post['zh-CN']}：本单位 / {entry.post['en']}: its own office",
            (Is(Field.DIALLED, entry.e164),),
            entry.office,
        )
