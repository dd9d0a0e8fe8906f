"""Whether whoever a rule names can be rung: offices without a phone, phones that lead back to the
line itself, and nobody for danger at night. Used by `review`."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

from routing.findings import Finding, Level, Place
from routing.register import AnswerMode, Directory
from routing.rules.complaints import HOTLINE
from routing.rules.condition import Opening
from routing.rules.ruleset import How, RuleSet
from routing.rules.shadowing import of_rule
from routing.rules.then import Whom
from routing.rules.wording import DAYS, both, names_of

WEEK: Final = timedelta(days=7)


def no_phone(rules: RuleSet, directory: Directory) -> Iterator[Finding]:
    """Offices to which callers are put through, and which have no phone."""
    told: set[str] = set()
    for rule in rules.rules:
        office = directory.offices.get(rule.office)
        if not rule.enabled or rule.how is not How.PUT_THROUGH or office is None:
            continue
        rings = any(ring.whom in (Whom.OFFICIAL, Whom.ROSTER) for ring in rule.then.rings)
        if office.pool_number or office.stand_in_number or rings or office.id in told:
            continue
        if _own_phone(directory, office.id):
            continue
        told.add(office.id)
        name = names_of(rule.name)
        yield of_rule(
            rule,
            "no_phone",
            f"规则“{name['zh-CN']}”要接通{office.name['zh-CN']}，但它没有电话，来电人只能留言。",
            f"Rule “{name['en']}” puts callers through to {office.name['en']}, which has no phone; "
            "they can only leave a message.",
        )


def _own_phone(directory: Directory, office: str) -> bool:
    return any(
        entry.office == office and entry.forward_to and entry.answer_mode is not AnswerMode.POOLED
        for entry in directory.numbers.values()
    )


def loops(directory: Directory) -> Iterator[Finding]:
    """Phones that are published numbers of this line: a caller who is put through comes back."""
    numbers = directory.numbers
    for office in directory.offices.values():
        for field, phone in (
            ("pool_number", office.pool_number),
            ("stand_in_number", office.stand_in_number),
        ):
            if phone in numbers:
                yield Finding(
                    "loop",
                    Level.ERROR,
                    both(
                        f"{office.name['zh-CN']}的电话{phone}就是本线路的公开号码，转过去又会绕回来。",
                        f"The phone {phone} of {office.name['en']} is a published number of this "
                        "line: who is put through comes back here.",
                    ),
                    Place("office", office.id, field),
                )
    for entry in numbers.values():
        if entry.forward_to in numbers:
            yield Finding(
                "loop",
                Level.ERROR,
                both(
                    f"{entry.post['zh-CN']}转接到{entry.forward_to}，那也是本线路的公开号码，转过去又会绕回来。",
                    f"{entry.post['en']} is forwarded to {entry.forward_to}, which is a published "
                    "number of this line, too: who is put through comes back here.",
                ),
                Place("number", entry.e164, "forward_to"),
            )


def nobody_at_night(
    directory: Directory, opened: Mapping[str, Opening], now: datetime, zone: tzinfo
) -> Iterator[Finding]:
    """Danger needs somebody who answers at every hour: the office of the duty desk."""
    topic = directory.topics.get(HOTLINE)
    office = None if topic is None else directory.offices.get(topic.lead)
    if office is None:
        return
    place = Place("office", office.id, "hours")
    if not office.pool_number and not office.stand_in_number:
        yield Finding(
            "nobody_at_night",
            Level.WARNING,
            both(
                f"夜间遇到危险没有人可以接听：值守单位{office.name['zh-CN']}没有电话。",
                f"Nobody can be rung in danger at night: {office.name['en']}, which is on duty, "
                "has no phone.",
            ),
            Place("office", office.id, "pool_number"),
        )
        return
    opening = opened.get(office.id)
    if opening is None:
        return
    for hour in range(int(WEEK / timedelta(hours=1))):
        at = now + timedelta(hours=hour)
        if not opening.is_open(at):
            local = at.astimezone(zone)
            day, time = DAYS[local.weekday()], local.strftime("%H:%M")
            yield Finding(
                "nobody_at_night",
                Level.WARNING,
                both(
                    f"夜间遇到危险没有人接听：值守单位{office.name['zh-CN']}不是全天值守，"
                    f"例如{day['zh-CN']}{time}无人。",
                    f"Nobody answers in danger at every hour: {office.name['en']}, which is on "
                    f"duty, is closed on {day['en']} at {time}, for instance.",
                ),
                place,
            )
            return
