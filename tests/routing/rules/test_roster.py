"""Who is on duty at an instant, and when nobody is."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from routing.rules.roster import Cover, Days, Member, Roster, Shift, on_shift, unmanned
from routing.week import parse_hours

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
NAMES: Final = {"zh-CN": "值班员", "en": "duty officer"}
TUESDAY: Final = date(2026, 11, 24)


def member(id_: str) -> Member:
    return Member(id_, NAMES, f"+86138000001{len(id_):02}", None)


def shift(who: str, hours: str, days: Days | None = None) -> Shift:
    return Shift(who, parse_hours(hours), days or Days())


def roster(*shifts: Shift, covers: tuple[Cover, ...] = ()) -> Roster:
    members = tuple(map(member, ("ann", "bo", "cy")))
    return Roster("duty", NAMES, "office", SHANGHAI, members, shifts, covers)


def on(found: Roster, hour: int, day: date = TUESDAY) -> list[str]:
    local = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)
    return [one.id for one in on_shift(found, local.astimezone(UTC))]


def test_without_shifts_all_are_on_duty() -> None:
    assert on(roster(), 3) == ["ann", "bo", "cy"]


def test_a_shift_begins_and_ends_by_the_offices_clock() -> None:
    found = roster(shift("bo", "Mon-Fri 08:00-12:00"), shift("ann", "Tue 10:00-12:00"))

    assert on(found, 7) == []
    assert on(found, 8) == ["bo"]
    assert on(found, 11) == ["ann", "bo"]
    assert on(found, 12) == []
    assert on(found, 9, TUESDAY + timedelta(days=4)) == []


def test_a_shift_holds_on_its_days_alone() -> None:
    found = roster(shift("ann", "Mon-Sun 00:00-24:00", Days(TUESDAY, TUESDAY)))

    assert [on(found, 9, TUESDAY + timedelta(days=n)) for n in (-1, 0, 1)] == [[], ["ann"], []]


def test_a_stand_in_takes_the_shifts_of_whom_they_stand_in_for() -> None:
    """Only on the days that are named, once where both are on duty, and never in a ring."""
    away = Cover("ann", "cy", Days(None, TUESDAY))
    back = Cover("cy", "ann", Days(None, TUESDAY))
    whole = roster(
        shift("ann", "Mon-Sun 08:00-12:00"),
        shift("cy", "Mon-Sun 10:00-12:00"),
        covers=(away,),
    )

    assert on(whole, 9) == ["cy"]
    assert on(whole, 11) == ["cy"]
    assert on(whole, 9, TUESDAY + timedelta(days=1)) == ["ann"]
    ring = roster(shift("ann", "Mon-Sun 08:00-12:00"), covers=(away, back))
    assert on(ring, 9) == ["cy"]


def test_gaps_are_found_to_the_quarter() -> None:
    found = roster(shift("ann", "Tue 08:00-10:00"), shift("bo", "Tue 10:30-12:00"))

    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 11, 24, hour, minute, tzinfo=SHANGHAI)

    needed = [(at(8), at(12)), (at(14), at(15))]
    assert list(unmanned(found, needed)) == [(at(10), at(10, 30)), (at(14), at(15))]
    assert list(unmanned(roster(), needed)) == []
