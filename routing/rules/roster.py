"""Duty rosters: who of an office takes calls at an instant, by shifts and stand-ins with dates.
Pure; read by `roster_document`, rung by `targets`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from routing.register import Names
from routing.week import Hours

DAY: Final = timedelta(days=1)
QUARTER: Final = timedelta(minutes=15)
"""How finely gaps between shifts are looked for; shifts are written to the minute, but nobody
changes duty for less than this."""


@dataclass(frozen=True, slots=True)
class Member:
    """One who can be on duty: by a `phone` of their own (E.164), or as the holder of the published
    number `official`, whose phones are rung then and whose quota counts. `post` is an office's, in
    every language, never a person's name."""

    id: str
    post: Names
    phone: str | None
    official: str | None


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both included; None leaves that side open."""

    since: date | None = None
    until: date | None = None

    def hold(self, day: date) -> bool:
        """Whether the day is one of them."""
        before = self.since is not None and day < self.since
        return not before and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Shift:
    """When a member is on duty: weekdays and times, on these days. Holidays change nothing: a
    roster is what says who works then."""

    member: str
    hours: Hours
    days: Days


@dataclass(frozen=True, slots=True)
class Cover:
    """On these days `by` takes the shifts of `member`."""

    member: str
    by: str
    days: Days


@dataclass(frozen=True, slots=True)
class Roster:
    """An office's duty roster; `zone` is the office's. Without shifts all members are on duty
    whenever the office is open."""

    id: str
    names: Names
    office: str
    zone: tzinfo
    members: tuple[Member, ...]
    shifts: tuple[Shift, ...] = ()
    covers: tuple[Cover, ...] = ()


def on_shift(roster: Roster, at: datetime) -> tuple[Member, ...]:
    """Who is on duty at an instant, in the order of the roster, each once; stand-ins in the place
    of those they stand in for."""
    here = at.astimezone(roster.zone)
    day, minute = here.date(), here.hour * 60 + here.minute
    on_duty = {
        shift.member
        for shift in roster.shifts
        if shift.days.hold(day)
        and any(period.start <= minute < period.end for period in shift.hours.days[day.weekday()])
    }
    members = {member.id: member for member in roster.members}
    found: dict[str, Member] = {}
    for member in roster.members:
        if roster.shifts and member.id not in on_duty:
            continue
        who = members.get(_in_place_of(roster, member.id, day))
        if who is not None:
            found.setdefault(who.id, who)
    return tuple(found.values())


def _in_place_of(roster: Roster, member: str, day: date) -> str:
    """Who stands in on a day; a stand-in's own stand-in is not asked, or two could send a call
    round in a ring."""
    for cover in roster.covers:
        if cover.member == member and cover.days.hold(day):
            return cover.by
    return member


def unmanned(
    roster: Roster, needed: Iterable[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime]]:
    """Where in these intervals (aware, start before end) nobody is on duty, to the quarter of an
    hour, joined."""
    for start, end in needed:
        gap: datetime | None = None
        at = start
        while at < end:
            if on_shift(roster, at):
                if gap is not None:
                    yield gap, at
                gap = None
            elif gap is None:
                gap = at
            at += QUARTER
        if gap is not None:
            yield gap, end
