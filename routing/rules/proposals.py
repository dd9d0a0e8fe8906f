"""Examples that are proposed to an admin: one for each topic, one for each day around which hours
change, and one for each half-hour at which offices open, go to lunch and close. What comes out now
is what is expected. Pure; counterpart of `scenarios`, which runs them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from routing.cases.kinds import Kind
from routing.hours import DAY, Holidays
from routing.register import Directory
from routing.rules.condition import CallerKind, Facts, Opening
from routing.rules.router import Router
from routing.rules.scenarios import Expected, Scenario, Usual, run

MORNING: Final = time(10, 0)
HALF_HOUR: Final = timedelta(minutes=30)
MOST_DAYS: Final = 400
MOST_WEEKS: Final = 6
"""Kinds of office hours whose half-hours are proposed: each has some eight."""
SOON: Final = 14
"""Days within which a working day comes."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What examples are made of: a register, its rules as they run, hours, and the days ahead."""

    directory: Directory
    router: Router
    open: Mapping[str, Opening]
    holidays: Holidays
    zone: tzinfo
    today: date


def generated(ground: Ground, days: int | None = None) -> Iterator[Scenario]:
    """All of them; the days as far as holiday notices are known, or so many."""
    ground = replace(ground, open=Usual(ground.open))
    dialled = next(iter(ground.directory.numbers), "")
    ahead = _known(ground) if days is None else days
    noon = _at(ground, ground.today)
    for topic in ground.directory.topics.values():
        name = f"{topic.names['zh-CN']} / {topic.names['en']}"
        yield _made(ground, f"topic-{topic.id}", name, _asked("", noon, topic.id, topic.group))
    for day, zh, en in edges(ground.holidays, ground.today, ahead):
        name = f"{day.isoformat()} {zh} / {day.isoformat()} {en}"
        yield _made(ground, f"day-{day.isoformat()}", name, _asked(dialled, _at(ground, day)))
    yield from half_hours(ground)


def _known(ground: Ground) -> int:
    last = date(max(ground.holidays.years, default=ground.today.year), 12, 31)
    return min(max((last - ground.today).days + 1, 0), MOST_DAYS)


def edges(holidays: Holidays, first: date, days: int) -> Iterator[tuple[date, str, str]]:
    """The days around which hours change, once each, with why."""
    for offset in range(days):
        day = first + offset * DAY
        off = day in holidays.off
        if day in holidays.make_up:
            yield day, "调休上班日", "a make-up working day"
        elif off and day - DAY not in holidays.off:
            yield day, "放假第一天", "the first day off"
        elif off and day + DAY not in holidays.off:
            yield day, "放假最后一天", "the last day off"
        elif not off and day + DAY in holidays.off:
            yield day, "放假前一天", "the day before days off"
        elif not off and day - DAY in holidays.off:
            yield day, "放假后第一天", "the first day after days off"


def half_hours(ground: Ground) -> Iterator[Scenario]:
    """On the next working day, for each kind of office hours: the last half-hour before an office
    opens or closes, and the first one after. The id has no date, so that what was taken is not
    proposed again tomorrow."""
    day = next(
        (one for n in range(1, SOON) if ground.holidays.working_day(one := ground.today + n * DAY)),
        None,
    )
    if day is None:
        return
    moments = [_at(ground, day, time(0)) + n * HALF_HOUR for n in range(48)]
    for place, (number, opened) in enumerate(_weeks(ground, moments), start=1):
        office = ground.directory.offices[ground.directory.numbers[number].office]
        for (before, was), (after, is_open) in pairwise(zip(moments, opened, strict=True)):
            if was == is_open:
                continue
            zh, en = ("开门", "opens") if is_open else ("关门", "closes")
            for at, when, said in (
                (before, "前半小时", f"half an hour before it {en}"),
                (after, "时", f"as it {en}"),
            ):
                moment = f"{day.isoformat()} {at:%H:%M}"
                own, english = office.name["zh-CN"], office.name["en"]
                name = f"{moment} {own}{zh}{when} / {moment} {english} {said}"
                asked = _asked(number, at)
                yield _made(ground, f"hours-{place}-{at:%H%M}-{en}-{said[:2]}", name, asked)


def _weeks(ground: Ground, moments: list[datetime]) -> list[tuple[str, tuple[bool, ...]]]:
    """A published number for each kind of hours that opens and closes on that day, and when its
    office is open."""
    found: dict[tuple[bool, ...], str] = {}
    for number, entry in ground.directory.numbers.items():
        opening = ground.open.get(entry.office)
        if opening is None:
            continue
        opened = tuple(opening.is_open(at) for at in moments)
        if any(opened) and not all(opened):
            found.setdefault(opened, number)
    return [(number, opened) for opened, number in found.items()][:MOST_WEEKS]


def _at(ground: Ground, day: date, at: time = MORNING) -> datetime:
    return datetime.combine(day, at, ground.zone)


def _asked(dialled: str, at: datetime, topic: str | None = None, group: int | None = None) -> Facts:
    return Facts(dialled, "zh-CN", Kind.HELP, None, topic, group, None, CallerKind.MOBILE, at)


def _made(ground: Ground, id_: str, name: str, facts: Facts) -> Scenario:
    asked = Scenario(id_, name, facts, Expected(""))
    found = run(ground.router, asked, ground.directory, ground.open)
    if found.decision is None:
        raise LookupError("a rule set without an unconditional rule was asked")
    return replace(
        asked, expected=Expected(found.decision.office, found.decision.how, found.is_open)
    )
