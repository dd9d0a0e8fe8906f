"""Whom to ring for a decision, in which order: by what the rule says, or as usual by `answer_mode`.
The counterpart of `router`, which says which office; hours and quotas are the caller's to check."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, Final

from routing.cases.doors import doors
from routing.directory import AnswerMode, Directory, PublishedNumber
from routing.rules.quota import USUAL_QUOTA, Quota
from routing.rules.roster import Member, Roster, on_shift
from routing.rules.router import Decision
from routing.rules.ruleset import How
from routing.rules.then import USUAL, Order, Ring, Then, Whom


class Role(StrEnum):
    """Whose phone it is."""

    OFFICIAL = "official"
    POOL = "pool"
    STAND_IN = "stand_in"
    MEMBER = "member"  # of a roster, on duty
    SERVICE = "service"  # another body's public line


PERSONAL: Final = frozenset({Role.OFFICIAL, Role.STAND_IN, Role.MEMBER})
"""Phones of people: none is rung without end, nor bridged without its `1`."""


@dataclass(frozen=True, slots=True)
class Target:
    """A phone to ring. `number` is E.164; `office` the id whose hours count; `official` the
    published number whose holder is rung, for the quota and the spoken post. `seconds` to ring,
    None as the policy has it; `press` as in `Ring`; `roster` and `member` whose duty it is, `order`
    how that roster's members follow each other; `service` the public service's short number;
    `round` is the same for those that ring together, None for who rings alone."""

    number: str
    role: Role
    office: str
    official: str | None = None
    seconds: int | None = None
    press: bool = True
    roster: str | None = None
    member: str | None = None
    order: Order = Order.IN_TURN
    service: str | None = None
    round: int | None = None

    @property
    def answerer(self) -> str | None:
        """Who takes a call here, for the count of their calls; None for an office's phone."""
        if self.roster is not None:
            return f"{self.roster}/{self.member}"
        return self.official

    def to_plain(self) -> list[Any]:
        """As JSON-ready values."""
        plain: list[Any] = [self.number, self.role.value, self.office, self.official]
        more = {
            name: value
            for name in _FURTHER
            if (value := getattr(self, name)) != Target.__dataclass_fields__[name].default
        }
        return [*plain, more] if more else plain

    @classmethod
    def from_plain(cls, plain: list[Any]) -> "Target":
        """The target that `to_plain` wrote."""
        number, role, office, official, *rest = plain
        if number is None or role is None or office is None:
            raise ValueError("a target needs a number, a role and an office")
        more = dict(rest[0]) if rest else {}
        if "order" in more:
            more["order"] = Order(more["order"])
        return cls(number, Role(role), office, official, **more)


_FURTHER: Final = ("seconds", "press", "roster", "member", "order", "service", "round")


@dataclass(frozen=True, slots=True)
class Scene:
    """What says who is there: the register, the rosters, the quotas' call hours, and the moment
    (aware) in the city's zone."""

    directory: Directory
    at: datetime
    zone: tzinfo
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    quotas: Mapping[str, Quota] = field(default_factory=dict)

    def call_hour(self, number: str) -> bool:
        """Whether the official is there for callers now."""
        quota = self.quotas.get(number, USUAL_QUOTA)
        return quota.call_hour(self.at, self.zone) is not None


def ring_order(
    scene: Scene,
    entry: PublishedNumber | None,
    decision: Decision,
    then: Then = USUAL,
    *,
    person: bool,
) -> tuple[Target, ...]:
    """Every phone that may be rung, each number once, before hours, quota and bounds.

    `person` is a caller who asked for one (`0`): pool and stand-in, never the official. A
    confidential matter is put through to the deciding office alone, and to no phone of the
    office that was dialled (hotline §1.6), also where the deciding one has the same. A step of
    `then` that names nobody, or somebody without a phone, is passed over."""
    if decision.how in {How.MESSAGE, How.ANNOUNCEMENT}:
        return ()
    if decision.how is How.TRANSFER and not decision.confidential:
        wanted: Iterable[Target] = _service(scene.directory, decision.office, then.service)
    elif entry is not None and decision.confidential:
        wanted = _others(scene, entry, decision, then)
    else:
        steps = then.rings or (Ring(Whom.USUAL),)
        wanted = (
            target
            for at, step in enumerate(steps)
            for target in _in_round(at, step, _step(scene, entry, decision, step, person=person))
        )
    return tuple(_once(wanted))


def arranged(
    targets: tuple[Target, ...], orders: Mapping[str, tuple[str, ...]]
) -> tuple[Target, ...]:
    """The same phones, the members of each roster in these orders (roster -> members' ids): they
    change places among themselves. Who is not named keeps to the end."""
    places = [at for at, target in enumerate(targets) if target.roster in orders]
    moved = sorted((targets[at] for at in places), key=lambda t: _place(t, targets, orders))
    found = list(targets)
    for at, target in zip(places, moved, strict=True):
        found[at] = target
    return tuple(found)


def _place(
    target: Target, targets: tuple[Target, ...], orders: Mapping[str, tuple[str, ...]]
) -> tuple[int, int, int]:
    """Rosters stay where they began; within one, the order counts, then as it was written."""
    order = orders[target.roster or ""]
    began = next(at for at, other in enumerate(targets) if other.roster == target.roster)
    member = target.member or ""
    return began, order.index(member) if member in order else len(order), targets.index(target)


def _step(
    scene: Scene,
    entry: PublishedNumber | None,
    decision: Decision,
    step: Ring,
    *,
    person: bool,
) -> Iterator[Target]:
    """The phones of one step."""
    match step.whom:
        case Whom.USUAL:
            found = _usual(scene, entry, decision.office, person=person)
        case Whom.OFFICIAL:
            holder = scene.directory.numbers.get(step.key)
            found = iter(()) if holder is None or person else _official(holder)
        case Whom.OFFICE:
            found = _office(scene, step.key)
        case Whom.ROSTER:
            found = _roster(scene, step, person=person)
    for target in found:
        press = step.press or target.role is not Role.POOL
        yield replace(target, seconds=step.seconds, press=press)


def _in_round(at: int, step: Ring, targets: Iterable[Target]) -> Iterator[Target]:
    """The phones of a step, the number `at`, in a round where it says so."""
    for target in targets:
        yield replace(target, round=at) if step.order is Order.TOGETHER else target


def _usual(
    scene: Scene, entry: PublishedNumber | None, office: str, *, person: bool
) -> Iterator[Target]:
    """By the number's answer mode; in a call hour the official comes first whatever it is."""
    mode = AnswerMode.POOLED if entry is None or person else entry.answer_mode
    pooled = mode is AnswerMode.POOLED
    if entry is None or (pooled and (person or not scene.call_hour(entry.e164))):
        yield from _office(scene, office)
        return
    pool = _pool(scene.directory, office)
    if mode is AnswerMode.POOLED_THEN_PERSONAL and not scene.call_hour(entry.e164):
        yield from (*pool, *_official(entry), *_stand_in_of(scene, entry))
    else:
        yield from (*_official(entry), *_stand_in_of(scene, entry), *pool)


def _others(
    scene: Scene, entry: PublishedNumber, decision: Decision, then: Then
) -> Iterator[Target]:
    """The phones of a deciding office that the office which was dialled does not have: those that
    the rule names, if they are that office's, and its own."""
    office = decision.office
    theirs = set() if office == entry.office else {*entry.forwards, *_phones(scene, entry.office)}
    named = (
        target
        for at, step in enumerate(then.rings)
        if step.whom in {Whom.ROSTER, Whom.OFFICE}
        for target in _in_round(at, step, _step(scene, None, decision, step, person=True))
    )
    for target in (*named, *_office(scene, office)):
        if target.office == office and target.number not in theirs:
            yield target


def _phones(scene: Scene, office: str) -> Iterator[str]:
    """All that an office is reached by: its own, those of all its officials and whoever stands in
    for them, and those of its rosters. A look at every number, for sealed matters alone."""
    yield from doors(scene.directory.offices[office])
    for entry in scene.directory.numbers.values():
        if entry.office == office:
            yield from entry.forwards
            if entry.stand_in is not None:
                yield entry.stand_in.number
    for roster in scene.rosters.values():
        if roster.office == office:
            yield from (member.phone for member in roster.members if member.phone is not None)


def _once(wanted: Iterable[Target]) -> Iterable[Target]:
    seen: set[str] = set()
    for target in wanted:
        if target.number not in seen:
            seen.add(target.number)
            yield target


def _official(entry: PublishedNumber) -> Iterator[Target]:
    """Each of the official's phones."""
    for number in entry.forwards:
        yield Target(number, Role.OFFICIAL, entry.office, entry.e164)


def _office(scene: Scene, office: str) -> Iterator[Target]:
    """An office's pool, then its stand-in."""
    yield from _pool(scene.directory, office)
    known = scene.directory.offices.get(office)
    if known is not None and known.stand_in_number:
        yield Target(known.stand_in_number, Role.STAND_IN, office)


def _stand_in_of(scene: Scene, entry: PublishedNumber) -> Iterator[Target]:
    """Who stands in for the official today."""
    day = scene.at.astimezone(scene.zone).date()
    number = entry.stand_in_on(day, scene.directory.offices[entry.office])
    if number:
        yield Target(number, Role.STAND_IN, entry.office)


def _pool(directory: Directory, office: str) -> Iterator[Target]:
    known = directory.offices.get(office)
    if known is not None and known.pool_number:
        yield Target(known.pool_number, Role.POOL, office)


def _roster(scene: Scene, step: Ring, *, person: bool) -> Iterator[Target]:
    """Whoever is on shift; an official's phones by their place on the roster, but for a caller who
    asked for a person."""
    roster = scene.rosters.get(step.key)
    if roster is None:
        return
    for member in on_shift(roster, scene.at):
        for target in _member(scene, roster, member):
            if not (person and target.official is not None):
                yield replace(target, roster=roster.id, member=member.id, order=step.order)


def _member(scene: Scene, roster: Roster, member: Member) -> Iterator[Target]:
    if member.phone is not None:
        yield Target(member.phone, Role.MEMBER, roster.office)
        return
    holder = scene.directory.numbers.get(member.official or "")
    for target in () if holder is None else _official(holder):
        yield replace(target, office=roster.office)


def _service(directory: Directory, office: str, service: str) -> Iterator[Target]:
    """A public service as it is dialled from anywhere: behind the city's own area code."""
    if service in directory.public_services:
        number = f"+86{directory.area}{service}"
        yield Target(number, Role.SERVICE, office, press=False, service=service)
