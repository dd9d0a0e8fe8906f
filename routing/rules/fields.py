"""One rule's parts between JSON and values: `when`, field by field, and `then`. The counterpart of
`document`, which holds them together, and of the form on the page, which has the same fields."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from sys import intern
from typing import Any, Final

from routing.cases.kinds import About, Kind
from routing.hours import YEARS
from routing.register import LANGUAGES, Directory, Names
from routing.rules.condition import (
    Between,
    CallerKind,
    Condition,
    During,
    Field,
    Is,
    IsOpen,
    OneOf,
)
from routing.rules.ruleset import How, Rule
from routing.rules.then import USUAL, Then
from routing.rules.then_document import FIELDS as FURTHER_FIELDS
from routing.rules.then_document import plain_then, read_then
from routing.rules.wording import RuleFault, fault
from routing.week import HoursError, parse_hours, week_text

LONGEST_NAME: Final = 240
"""Characters: a name may be told in both languages, as those of drawn rules are."""
LONGEST_NOTE: Final = 1000
LONGEST_ID: Final = 64
MOST_VALUES: Final = 500
RULE_FIELDS: Final = frozenset({"id", "name", "note", "enabled", "when", "then"})
FIELDS: Final = tuple(Field)
WHEN_FIELDS: Final = frozenset({*Field, "open", "from", "until", "weekly"})
HOWS: Final = frozenset(how.value for how in How)
THEN_FIELDS: Final = frozenset({"office", "how", "confidential", "also_notify", *FURTHER_FIELDS})


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may name, and the zone in which its times are written."""

    values: Mapping[Field, frozenset[Hashable]]
    offices: frozenset[str]
    zone: tzinfo
    _conditions: dict[Hashable, Condition] = field(default_factory=dict, repr=False, compare=False)

    def condition(self, name: Field, values: tuple[Hashable, ...]) -> Condition:
        """That a fact has one of these values. Many rules ask for the same, and each is one object
        as long as this is: a third of a large plan's memory, and less for a call to wait for."""
        found = self._conditions.get((name, values))
        if found is None:
            found = Is(name, values[0]) if len(values) == 1 else OneOf(name, values)
            self._conditions[name, values] = found
        return found

    @classmethod
    def of(cls, directory: Directory, zone: tzinfo) -> "Known":
        """That of a register."""
        topics = directory.topics.values()
        districts = {office.district for office in directory.offices.values()}
        return cls(
            {
                Field.DIALLED: frozenset(directory.numbers),
                Field.LANGUAGE: frozenset(LANGUAGES),
                Field.KIND: frozenset(kind.value for kind in Kind),
                Field.ABOUT: frozenset(about.value for about in About),
                Field.TOPIC: frozenset(topic.id for topic in topics),
                Field.GROUP: frozenset(topic.group for topic in topics),
                Field.DISTRICT: frozenset(
                    districts | {entry.district for entry in directory.numbers.values()}
                ),
                Field.CALLER_KIND: frozenset(kind.value for kind in CallerKind),
            },
            frozenset(directory.offices),
            zone,
        )


AS_VALUE: Final[Mapping[Field, Callable[[Any], Hashable]]] = {
    Field.KIND: Kind,
    Field.ABOUT: About,
    Field.CALLER_KIND: CallerKind,
}
MAY_BE_UNKNOWN: Final = frozenset(
    {Field.KIND, Field.ABOUT, Field.TOPIC, Field.GROUP, Field.DISTRICT}
)


@dataclass
class _Faults:
    """What is wrong with one rule so far."""

    rule: str
    found: list[RuleFault] = field(default_factory=list)

    def add(self, where: str, code: str, **details: object) -> None:
        self.found.append(fault(self.rule, where, code, **details))

    def further(self, where: str, code: str, says: Names) -> None:
        """A fault of what `then_document` reads."""
        self.found.append(RuleFault(self.rule, where, code, says))


def read_rule(id_: str, body: Any, known: Known) -> tuple[Rule | None, tuple[RuleFault, ...]]:
    """The rule, and all that is wrong with it; None where it cannot stand at all."""
    faults = _Faults(id_)
    if not isinstance(body, Mapping):
        faults.add("", "not_an_object")
        return None, tuple(faults.found)
    for name in sorted(body.keys() - RULE_FIELDS):
        faults.add(name, "unknown_field", name=name)
    if not id_.isprintable() or len(id_) > LONGEST_ID:
        faults.add("id", "bad_id", most=LONGEST_ID)
    when, then = body.get("when", {}), body.get("then", {})
    conditions = tuple(_when(when, known, faults))
    target = _then(then, known, faults)
    enabled = body.get("enabled", True)
    if not isinstance(enabled, bool):
        faults.add("enabled", "yes_or_no")
    rule = Rule(
        id=id_,
        name=_text(body, "name", LONGEST_NAME, faults),
        when=conditions,
        office=target.office,
        how=target.how,
        confidential=target.confidential,
        also_notify=target.also_notify,
        note=_text(body, "note", LONGEST_NOTE, faults),
        then=target.then,
        enabled=enabled is True,
    )
    return rule, tuple(faults.found)


def _text(body: Mapping[str, Any], name: str, most: int, faults: _Faults) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        faults.add(name, "not_text")
        return ""
    if len(value) > most:
        faults.add(name, "too_long", most=most)
    if name == "name" and not value.strip():
        faults.add(name, "empty")
    if not value.isprintable() and any(
        not sign.isprintable() and sign not in "\n\t" for sign in value
    ):
        faults.add(name, "invisible")
    return value


def _when(when: Any, known: Known, faults: _Faults) -> Iterator[Condition]:
    if not isinstance(when, Mapping):
        faults.add("when", "not_an_object")
        return
    for name in sorted(when.keys() - WHEN_FIELDS):
        faults.add(name, "unknown_condition", name=name)
    for name in FIELDS:
        if name in when:
            yield from _values(name, when[name], known, faults)
    if "open" in when:
        yield from _open(when["open"], known, faults)
    if "from" in when or "until" in when:
        yield from _between(when, known.zone, faults)
    if "weekly" in when:
        yield from _during(when["weekly"], known.zone, faults)


def _values(name: Field, listed: Any, known: Known, faults: _Faults) -> Iterator[Condition]:
    if not isinstance(listed, list) or not listed or len(listed) > MOST_VALUES:
        faults.add(name, "values", most=MOST_VALUES)
        return
    values: list[Hashable] = []
    for value in listed:
        if value is None and name in MAY_BE_UNKNOWN:
            values.append(None)
        elif _plain_value(value) and value in known.values[name]:
            values.append(AS_VALUE.get(name, _as_it_is)(value))
        else:
            faults.add(name, f"unknown_{name}", value=value)
    if values:
        yield known.condition(name, tuple(dict.fromkeys(values)))


def _plain_value(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _among(value: object, known: Collection[str]) -> bool:
    return isinstance(value, str) and value in known


def _as_it_is(value: Hashable) -> Hashable:
    return value


def _open(asked: Any, known: Known, faults: _Faults) -> Iterator[Condition]:
    if not isinstance(asked, Mapping) or not isinstance(asked.get("is"), bool):
        faults.add("open", "open")
        return
    office = asked.get("office")
    if office is not None and not _among(office, known.offices):
        faults.add("open", "unknown_office", value=office)
        return
    yield IsOpen(asked["is"], office)


def _between(when: Mapping[str, Any], zone: tzinfo, faults: _Faults) -> Iterator[Condition]:
    start, end = (_moment(when.get(name), name, zone, faults) for name in ("from", "until"))
    if start is not None and end is not None and end <= start:
        faults.add("until", "ends_before")
        return
    if start is not None or end is not None:
        yield Between(start, end, zone)


def _moment(text: Any, name: str, zone: tzinfo, faults: _Faults) -> datetime | None:
    """A local date, or date and time of day, as an instant."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
        if read.year not in YEARS:
            raise ValueError(text)
    except (TypeError, ValueError):
        faults.add(name, "moment", value=text)
        return None
    return read.replace(tzinfo=zone) if read.tzinfo is None else read


_week: Final = lru_cache(maxsize=1024)(parse_hours)
"""Many rules hold at the same times: read once, and kept in memory once."""


def _during(text: Any, zone: tzinfo, faults: _Faults) -> Iterator[Condition]:
    try:
        week = _week(text) if isinstance(text, str) else None
    except HoursError:
        week = None
    if week is None or week.never:
        faults.add("weekly", "weekly", value=text)
        return
    yield During(week, zone)


@dataclass(frozen=True, slots=True)
class _Target:
    office: str = ""
    how: How = How.PUT_THROUGH
    confidential: bool = False
    also_notify: tuple[str, ...] = ()
    then: Then = USUAL


def _then(then: Any, known: Known, faults: _Faults) -> _Target:
    if not isinstance(then, Mapping):
        faults.add("then", "not_an_object")
        return _Target()
    for name in sorted(then.keys() - THEN_FIELDS):
        faults.add(name, "unknown_target", name=name)
    office = then.get("office")
    if not _among(office, known.offices):
        faults.add("office", "unknown_office" if office else "no_office", value=office)
    how = then.get("how", How.PUT_THROUGH.value)
    if not _among(how, HOWS):
        faults.add("how", "unknown_how", value=how)
        how = How.PUT_THROUGH.value
    sealed = then.get("confidential", False)
    if not isinstance(sealed, bool):
        faults.add("confidential", "yes_or_no")
    also = then.get("also_notify", [])
    if not isinstance(also, list) or not all(_among(one, known.offices) for one in also):
        faults.add("also_notify", "unknown_offices")
        also = []
    return _Target(
        intern(str(office)), How(how), sealed is True, tuple(also), read_then(then, faults.further)
    )


def rule_to_plain(rule: Rule) -> dict[str, Any]:
    """As JSON-ready values, which `read_rule` reads as the same rule."""
    then: dict[str, Any] = {"office": rule.office, "how": rule.how.value}
    if rule.confidential:
        then["confidential"] = True
    if rule.also_notify:
        then["also_notify"] = [*rule.also_notify]
    then.update(plain_then(rule.then))
    when: dict[str, Any] = {}
    for condition in rule.when:
        when.update(_plain(condition))
    plain: dict[str, Any] = {"id": rule.id, "name": rule.name, "when": when, "then": then}
    if rule.note:
        plain["note"] = rule.note
    if not rule.enabled:
        plain["enabled"] = False
    return plain


def _plain(condition: Condition) -> dict[str, Any]:
    match condition:
        case Is(name, value):
            return {name.value: [value]}
        case OneOf(name, values):
            return {name.value: [*values]}
        case IsOpen(wanted, office):
            return {"open": {"is": wanted, "office": office}}
        case During(week, _):
            return {"weekly": week_text(week)}
        case Between(start, end, zone):
            sides = {"from": start, "until": end}
            return {name: _local(at, zone) for name, at in sides.items() if at is not None}


def _local(at: datetime, zone: tzinfo | None) -> str:
    local = at if zone is None else at.astimezone(zone).replace(tzinfo=None)
    return local.isoformat(timespec="minutes")
