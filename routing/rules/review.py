"""What is to be said of a rule set before it is published: rules that never apply, topics and hours
that no rule sees to, offices that cannot be rung, guards that would override it. Pure; faults of
single fields are `document`'s."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Final

from routing.cases.kinds import About, Kind
from routing.findings import Finding, Level, Place
from routing.register import Directory, ListingStatus, Names
from routing.rules.complaints import Sort, sort_of
from routing.rules.condition import (
    Between,
    CallerKind,
    During,
    Facts,
    Is,
    Opening,
)
from routing.rules.guards import Guards
from routing.rules.reached import loops, no_phone, nobody_at_night
from routing.rules.router import Router
from routing.rules.ruleset import Rule, RuleSet
from routing.rules.shadowing import of_rule, shadowed
from routing.rules.tables import bound
from routing.rules.wording import DAYS, Wording, both, names_of
from routing.week import week_named

MOST_EACH: Final = 50
"""Findings of one sort: whoever has more mends those first."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A compiled rule set with its register, the zone that times are written in, the moment at
    which it is looked at, and when each office is open."""

    router: Router
    directory: Directory
    zone: tzinfo
    now: datetime
    open: Mapping[str, Opening]

    @property
    def rules(self) -> RuleSet:
        """In order."""
        return self.router.rules


def review(seen: Reviewed) -> Iterator[Finding]:
    """Every finding, the worst sorts first. That a last rule is missing, and that a rule names what
    the register lacks, keeps it from being compiled at all (`document`)."""
    for sort in (
        loops(seen.directory),
        nobody_at_night(seen.directory, seen.open, seen.now, seen.zone),
        no_phone(seen.rules, seen.directory),
        shadowed(seen.rules),
        _over(seen),
        _overridden(seen),
        _topics(seen),
        _own_offices(seen),
        _gaps(seen),
    ):
        yield from _first(sort)


def _first(found: Iterator[Finding]) -> Iterator[Finding]:
    for _, finding in zip(range(MOST_EACH), found, strict=False):
        yield finding


def _over(seen: Reviewed) -> Iterator[Finding]:
    """Rules whose time is past."""
    for rule in seen.rules.written:
        ends = [c.end for c in rule.when if isinstance(c, Between) and c.end is not None]
        if rule.enabled and ends and min(ends) <= seen.now:
            name = names_of(rule.name)
            yield of_rule(
                rule,
                "over",
                f"规则“{name['zh-CN']}”已过期，不再适用。请删除或改期。",
                f"Rule “{name['en']}” has ended and does not apply any more; take it out or give "
                "it a new date.",
            )


def _overridden(seen: Reviewed) -> Iterator[Finding]:
    """Rules that would send a complaint to whom it is about, or wrongdoing elsewhere."""
    guards = seen.router.guards
    if guards is None:
        return
    for rule in seen.rules.written:
        about = next((_breaks(seen, guards, rule, facts) for facts in _accusing(seen, rule)), None)
        if rule.enabled and about is not None:
            yield about


def _breaks(seen: Reviewed, guards: Guards, rule: Rule, facts: Facts) -> Finding | None:
    office = guards.instead(facts, rule.office)
    if office is None:
        return None
    what, named = _called(sort_of(facts)), Wording(seen.directory)
    wanted, instead, name = named.office(rule.office), named.office(office), names_of(rule.name)
    return of_rule(
        rule,
        "overridden",
        f"规则“{name['zh-CN']}”把{what['zh-CN']}交给{wanted['zh-CN']}，不会照此办理，会改交"
        f"{instead['zh-CN']}。",
        f"Rule “{name['en']}” sends {what['en']} to {wanted['en']}. That is not done: it goes to "
        f"{instead['en']} instead.",
    )


def _called(sort: Sort | None) -> Names:
    if sort is not None and sort.id == "misconduct":
        return both("反映干部问题的", "what is about an official's conduct")
    return both("投诉", "complaints")


def _accusing(seen: Reviewed, rule: Rule) -> Iterator[Facts]:
    """Complaints that a rule asks for by name; one that asks for none of it is not written against
    them, and the guards hold it up in silence."""
    values = {
        condition.field.value: condition.value
        for condition in rule.when
        if isinstance(condition, Is)
    }
    if values.get("about") in (None, About.BUSINESS) and values.get("kind") is not Kind.COMPLAINT:
        return
    if values.get("about") is About.BUSINESS:
        return
    dialled = values.get("dialled")
    wanted = [str(dialled)] if dialled is not None else [*seen.directory.numbers][:MOST_EACH]
    for number in wanted:
        facts = replace(_plain(seen, number), kind=Kind.COMPLAINT)
        yield replace(facts, **{name: value for name, value in values.items() if name != "dialled"})  # type: ignore[arg-type]  # values by their fields' names


def _plain(seen: Reviewed, dialled: str = "", at: datetime | None = None) -> Facts:
    entry = seen.directory.numbers.get(dialled)
    return Facts(
        dialled=dialled,
        language="zh-CN",
        kind=Kind.HELP,
        about=None,
        topic=None,
        group=None,
        district=None if entry is None else entry.district,
        caller_kind=CallerKind.MOBILE,
        at=seen.now if at is None else at,
        office=None if entry is None else entry.office,
        open=seen.open,
    )


def _topics(seen: Reviewed) -> Iterator[Finding]:
    """Topics that only the last rule sees to."""
    last = seen.rules.rules[-1]
    for topic in seen.directory.topics.values():
        facts = replace(_plain(seen), topic=topic.id, group=topic.group)
        if seen.router.first(facts).rule == last.id and last.office != topic.lead:
            yield Finding(
                "topic_unreached",
                Level.WARNING,
                both(
                    f"没有规则处理“{topic.names['zh-CN']}”这个事项，来电会按最后一条规则处理。",
                    f"No rule is about the topic {topic.names['en']}; its calls go by the last "
                    "rule.",
                ),
                Place("topic", topic.id),
            )


def _own_offices(seen: Reviewed) -> Iterator[Finding]:
    """Published numbers whose callers, saying nothing, land with the last rule: rules that were
    written out do not know of numbers that came later."""
    last = seen.rules.rules[-1]
    for entry in seen.directory.numbers.values():
        if entry.status is not ListingStatus.PUBLISHED or entry.office == last.office:
            continue
        if seen.router.first(_plain(seen, entry.e164)).rule == last.id:
            yield Finding(
                "number_unreached",
                Level.WARNING,
                both(
                    f"没有规则处理{entry.post['zh-CN']}的号码{entry.e164}，来电会按最后一条规则处理。",
                    f"No rule is about {entry.e164}, {entry.post['en']}; its calls go by the "
                    "last rule.",
                ),
                Place("number", entry.e164),
            )


def _gaps(seen: Reviewed) -> Iterator[Finding]:
    """Hours of the week at which a rule with times leaves its matters to the last rule."""
    last, told = seen.rules.rules[-1], set[tuple[object, ...]]()
    for rule in seen.rules.written:
        weeks = [c for c in rule.when if isinstance(c, During)]
        parts = bound([c for c in rule.when if not isinstance(c, During)])
        if not rule.enabled or not weeks or not parts.keys or not parts.names or parts.rest:
            continue
        values = dict(zip(parts.names, parts.keys[0], strict=True))
        key = tuple(sorted((name, str(value)) for name, value in values.items()))
        if key in told:
            continue
        told.add(key)
        asked = replace(_plain(seen, str(values.get("dialled", ""))), **values)  # type: ignore[arg-type]  # values by their fields' names
        for at in _edges(weeks, seen):
            if seen.router.first(replace(asked, at=at)).rule == last.id:
                local = at.astimezone(seen.zone)
                day, time = DAYS[local.weekday()], local.strftime("%H:%M")
                when, name = week_named(weeks[0].week), names_of(rule.name)
                yield of_rule(
                    rule,
                    "gap",
                    f"规则“{name['zh-CN']}”只在{when['zh-CN']}适用，例如{day['zh-CN']}{time}起"
                    "没有规则适用，来电会按最后一条规则处理。",
                    f"Rule “{name['en']}” holds for {when['en']} only; from {day['en']} {time}, "
                    "for instance, the same calls go by the last rule.",
                )
                break


def _edges(weeks: Sequence[During], seen: Reviewed) -> Iterator[datetime]:
    """Where a period begins or ends, in the week that follows."""
    midnight = seen.now.astimezone(seen.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for offset in range(7):
        day = midnight + timedelta(days=offset)
        for week in weeks:
            for period in week.week.days[day.weekday()]:
                yield day + timedelta(minutes=period.end)
        yield day
