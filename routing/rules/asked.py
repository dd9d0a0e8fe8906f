"""When the phones of a roster are needed: while its office is open, or at the hours and the closed
times for which rules name it. Used by `staffing`; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from routing.hours import OpenIntervals, Span, joined
from routing.rules.condition import Between, CallerKind, Condition, During, Facts, IsOpen
from routing.rules.roster import QUARTER, Roster
from routing.rules.ruleset import Rule, RuleSet
from routing.rules.then import Whom

Opened = Mapping[str, tuple[Span, ...]]


def naming(rules: RuleSet) -> Mapping[str, Sequence[Rule]]:
    """Roster -> the rules that ring it, in one look at all."""
    found: dict[str, list[Rule]] = {}
    for rule in rules.rules:
        if rule.enabled:
            for key in {step.key for step in rule.then.rings if step.whom is Whom.ROSTER}:
                found.setdefault(key, []).append(rule)
    return found


def asked_of(
    roster: Roster, rules: Sequence[Rule], opened: Opened, now: datetime, ahead: timedelta
) -> Sequence[Span]:
    """Sorted and disjoint, to the quarter of an hour, from `now` (aware) on. Of these `rules` one
    that says nothing of hours means the office's; so does a roster that no rule names yet."""
    until = now + ahead
    timed = [_timed(rule) for rule in rules]
    spans = [span for when in timed if when for span in _during(when, roster, opened, now, until)]
    if not timed or not all(timed):
        spans += [
            (max(start, now), min(end, until))
            for start, end in opened.get(roster.office, ())
            if end > now and start < until
        ]
    return joined(spans)


def _timed(rule: Rule) -> Sequence[Condition]:
    """Its conditions of time, where it asks for hours of the week or for a closed office."""
    asks = [one for one in rule.when if isinstance(one, During | Between | IsOpen)]
    own = any(
        isinstance(one, During) or (isinstance(one, IsOpen) and not one.wanted) for one in asks
    )
    return asks if own else ()


def _during(
    when: Sequence[Condition], roster: Roster, opened: Opened, now: datetime, until: datetime
) -> Iterator[Span]:
    facts = Facts(
        dialled="",
        language="zh-CN",
        kind=None,
        about=None,
        topic=None,
        group=None,
        district=None,
        caller_kind=CallerKind.MOBILE,
        at=now,
        office=roster.office,
        open={office: OpenIntervals(spans, until) for office, spans in opened.items()},
    )
    at = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
    while at < until:
        moment = replace(facts, at=at)
        if all(one.holds(moment) for one in when):
            yield max(at, now), min(at + QUARTER, until)
        at += QUARTER
