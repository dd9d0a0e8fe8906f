"""What is to be said of whom rules ring: steps that name nobody or somebody without a phone, hours
of a roster in which nobody is on duty, announcements without words. A call passes such a step over,
so its author is told beforehand. Beside `review`, which has the rules themselves."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from routing.findings import Finding, Level, Place
from routing.register import Directory
from routing.rules.asked import asked_of, naming
from routing.rules.condition import Field
from routing.rules.roster import Roster, on_shift, unmanned
from routing.rules.ruleset import How, Rule, RuleSet
from routing.rules.then import Order, Ring, Whom
from routing.rules.wording import Wording, both, names_of

AHEAD: Final = timedelta(days=14)
"""How far ahead a roster is looked at: whoever writes one has this long to mend it."""


@dataclass(frozen=True, slots=True)
class Staffed:
    """The rules, whom they may ring, the phrases that every language has without slots, and the
    moment (aware) from which rosters are looked at; `opened` says when each office is open,
    `together` whether this line's carrier lets several phones ring at once."""

    rules: RuleSet
    directory: Directory
    rosters: Mapping[str, Roster]
    phrases: Collection[str]
    opened: Mapping[str, tuple[tuple[datetime, datetime], ...]]
    now: datetime
    zone: tzinfo
    together: bool = True


def staffing(seen: Staffed) -> Iterator[Finding]:
    """Every finding: of the rules in their order, then of the rosters."""
    for rule in seen.rules.rules:
        if rule.enabled:
            yield from _led_nowhere(seen, rule)
            for at, step in enumerate(rule.then.rings, start=1):
                yield from _step(seen, rule, step, f"ring.{at}")
    named = naming(seen.rules)
    for roster in seen.rosters.values():
        yield from _members(seen, roster)
        yield from _nobody(seen, roster, named.get(roster.id, ()))


def _led_nowhere(seen: Staffed, rule: Rule) -> Iterator[Finding]:
    """An announcement without words, a transfer to a service that is not known."""
    name = names_of(rule.name)
    if rule.how is How.ANNOUNCEMENT and rule.then.phrase not in seen.phrases:
        yield _of(
            rule,
            "phrase",
            "no_words",
            f"规则“{name['zh-CN']}”要播放的话术“{rule.then.phrase}”缺少某种语言的文字，来电人只会听到留言提示。",
            f"Rule “{name['en']}” announces {rule.then.phrase!r}, which is not there in every "
            "language: callers only hear how to leave a message.",
        )
    if rule.how is How.TRANSFER and rule.then.service not in seen.directory.public_services:
        yield _of(
            rule,
            "service",
            "no_service",
            f"规则“{name['zh-CN']}”要转接的“{rule.then.service}”不在公共服务号码里，来电人只能留言。",
            f"Rule “{name['en']}” transfers to {rule.then.service!r}, which is no public service "
            "here: callers leave a message instead.",
        )


def _step(seen: Staffed, rule: Rule, step: Ring, field: str) -> Iterator[Finding]:
    name = names_of(rule.name)
    if step.order is Order.TOGETHER and not seen.together:
        yield _of(
            rule,
            field,
            "not_together",
            f"规则“{name['zh-CN']}”要求同时振铃，但目前的运营商不支持，会逐个振铃。",
            f"Rule “{name['en']}” asks to ring several at once, which this line's carrier cannot; "
            "they are rung one after another.",
        )
    match step.whom:
        case Whom.USUAL:
            return
        case Whom.OFFICIAL:
            entry = seen.directory.numbers.get(step.key)
            known, phones = entry is not None, entry is not None and bool(entry.forwards)
        case Whom.OFFICE:
            office = seen.directory.offices.get(step.key)
            known = office is not None
            phones = office is not None and bool(office.pool_number or office.stand_in_number)
        case Whom.ROSTER:
            known = phones = step.key in seen.rosters
    if not known:
        yield _of(
            rule,
            field,
            "unknown_target",
            f"规则“{name['zh-CN']}”要呼叫的“{step.key}”不存在，这一步会跳过。",
            f"Rule “{name['en']}” rings {step.key!r}, which is not known: the step is passed over.",
        )
    elif not phones:
        called = Wording(seen.directory)
        whom = (
            called.office(step.key)
            if step.whom is Whom.OFFICE
            else called.value(Field.DIALLED, step.key)
        )
        yield _of(
            rule,
            field,
            "target_without_number",
            f"规则“{name['zh-CN']}”要呼叫的“{whom['zh-CN']}”没有登记电话，这一步会跳过。",
            f"Rule “{name['en']}” rings “{whom['en']}”, which has no phone: the step is "
            "passed over.",
        )


def _members(seen: Staffed, roster: Roster) -> Iterator[Finding]:
    """Officials on duty whose own phone is not in the register."""
    for at, member in enumerate(roster.members, start=1):
        entry = seen.directory.numbers.get(member.official or "")
        if entry is not None and not entry.forwards:
            name, english = roster.names["zh-CN"], roster.names["en"]
            yield Finding(
                "target_without_number",
                Level.ERROR,
                both(
                    f"值班表“{name}”里的{member.post['zh-CN']}没有登记电话，值班时接不到来电。",
                    f"{member.post['en']} of roster “{english}” has no phone in the register and "
                    "cannot be rung on duty.",
                ),
                Place("roster", roster.id, f"members.{at}.official"),
            )


def _nobody(seen: Staffed, roster: Roster, rules: Sequence[Rule]) -> Iterator[Finding]:
    """The first time within two weeks in which it is needed and nobody is on duty."""
    needed = asked_of(roster, rules, seen.opened, seen.now, AHEAD)
    gap = next(unmanned(roster, needed), None)
    if gap is None:
        return
    start, end = (at.astimezone(seen.zone) for at in gap)
    last = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%Y-%m-%d %H:%M}"
    when = f"{start:%Y-%m-%d %H:%M}–{last}"
    yield Finding(
        "nobody_on_shift",
        Level.WARNING if on_shift(roster, gap[1]) else Level.ERROR,
        both(
            f"值班表“{roster.names['zh-CN']}”在{when}没有人值班，来电会转到下一步。",
            f"Nobody of roster “{roster.names['en']}” is on duty on {when}: calls go on to the "
            "rule's next step.",
        ),
        Place("roster", roster.id, "shifts"),
    )


def _of(rule: Rule, field: str, code: str, zh: str, en: str) -> Finding:
    level = Level.WARNING if code == "not_together" else Level.ERROR
    return Finding(code, level, both(zh, en), Place("rule", rule.id, field))
