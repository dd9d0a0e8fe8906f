"""Whom next and when: each rung after the last, in working time but for danger, and never whoever
the complaint is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.world import Plan
from routing.cases.kinds import About, Kind
from routing.cases.ladder import (
    DANGER_WAIT,
    LAST_WAIT,
    above,
    accused,
    apart,
    due,
    first,
    speaks_for,
)
from routing.hours import Holidays, OpenIntervals, open_intervals
from routing.register import Contact
from routing.week import parse_hours

HERE: Final = ZoneInfo("Asia/Shanghai")
WATER, POLICE, TOWN = "市水利局", "市公安局", "市政府"
NAMES: Final = {"zh-CN": "负责人", "en": "Head"}
OPEN: Final = open_intervals(
    parse_hours("Mon-Fri 08:30-12:00 14:30-17:30"), Holidays(), HERE, date(2026, 11, 20)
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2026, whose 27th is a Friday, by the clock of the office."""
    return datetime(2026, 11, day, hour, minute, tzinfo=HERE).astimezone(UTC)


def rung(order: int, after: int = 60, email: str = "head@yunling.example") -> Contact:
    return Contact(order, NAMES, email, None, None, after)


def test_the_ladder_is_climbed_rung_by_rung_and_ends(demo_plan: Plan) -> None:
    directory, climbed, at_rung = demo_plan.directory, [], 0
    while contact := above(directory, POLICE, frozenset(), at_rung):
        at_rung = contact.order
        climbed.append((contact.order, contact.email))

    assert climbed == [
        (1, "office07@yunling.example"),
        (2, "head07@yunling.example"),
        (3, "duty02@yunling.example"),
    ]


def test_without_contacts_the_office_above_is_next(demo_plan: Plan) -> None:
    office = next(
        office
        for office in demo_plan.directory.offices.values()
        if office.parent
        and demo_plan.directory.contacts[office.id][-1].post["en"].startswith("Sup")
    )
    contact = above(demo_plan.directory, office.id, frozenset(), 1)

    assert contact is not None
    assert office.parent is not None
    assert contact.email == demo_plan.directory.offices[office.parent].email


def test_an_office_that_is_gone_has_no_ladder(demo_plan: Plan) -> None:
    assert above(demo_plan.directory, "旧局", frozenset(), 0) is None


def test_who_is_complained_about_is_passed_over(demo_plan: Plan) -> None:
    directory = demo_plan.directory
    ladder = (*directory.contacts[TOWN], rung(3, email=directory.offices[WATER].email), rung(4))
    contacts = {
        **directory.contacts,
        TOWN: ladder,
        WATER: (rung(1, email="head02@yunling.example"),),
    }
    changed = replace(directory, contacts=contacts)

    found = above(changed, TOWN, frozenset({WATER}), 1)
    assert found == rung(4), "neither the head, who is theirs too, nor their mailbox"
    own = above(changed, TOWN, frozenset({TOWN}), 0)
    assert own is not None
    assert own.email == directory.offices[TOWN].email, "who has the case is told of it"


def test_at_once_nobody_is_told_whom_the_complaint_is_about(demo_plan: Plan) -> None:
    directory = demo_plan.directory
    shared = rung(1, 0, "desk@yunling.example")
    contacts = {**directory.contacts, TOWN: (shared, rung(2)), WATER: (shared,)}
    changed = replace(directory, contacts=contacts)

    assert first(changed, TOWN, frozenset()) == shared
    assert first(changed, TOWN, frozenset({WATER})) == rung(2)
    assert first(changed, TOWN, frozenset({TOWN})) == shared, "who has the case is told of it"
    alone = replace(changed, contacts={**contacts, TOWN: (shared,)})
    assert first(alone, TOWN, frozenset({WATER})) is None


def test_who_stands_above_it_is_told_at_once_all_the_same(demo_plan: Plan) -> None:
    directory = demo_plan.directory
    head = rung(1, 0, "head@yunling.example")
    water = (rung(1, 0, "water@yunling.example"), replace(head, order=2))
    contacts = {**directory.contacts, TOWN: (head,), WATER: water}

    assert first(replace(directory, contacts=contacts), TOWN, frozenset({WATER})) == head


def test_a_channel_that_they_share_is_left_out_and_the_post_is_not(demo_plan: Plan) -> None:
    directory = demo_plan.directory
    mine, theirs = rung(1, 0), rung(1, 0, "water@yunling.example")
    contacts = {
        **directory.contacts,
        TOWN: (replace(mine, channel="city"), replace(mine, order=2, email=None, channel="city")),
        WATER: (replace(theirs, channel="city"),),
    }
    changed = replace(directory, contacts=contacts)

    assert first(changed, TOWN, frozenset({WATER})) == mine
    assert above(changed, TOWN, frozenset({WATER}), 0) == mine
    assert above(changed, TOWN, frozenset({WATER}), 1) is None


@pytest.mark.parametrize("of_water", ["Office02@Yunling.example", "office02@yunling.example"])
def test_a_mailbox_of_two_offices_is_told_of_no_complaint_about_one_of_them(
    demo_plan: Plan, of_water: str
) -> None:
    directory = demo_plan.directory
    water, own = replace(directory.offices[WATER], email=of_water), rung(1, 0, of_water)
    contacts = {**directory.contacts, TOWN: (rung(1, 0, directory.offices[TOWN].email), rung(2))}
    changed = replace(
        directory,
        offices={**directory.offices, WATER: water},
        contacts={**contacts, WATER: (own,)},
    )
    alone = replace(changed, contacts={**changed.contacts, TOWN: contacts[TOWN][:1]})
    about = frozenset({WATER})

    assert first(changed, TOWN, about) == rung(2), "the next on the ladder"
    assert above(changed, TOWN, about, 0) == rung(2)
    assert first(alone, TOWN, about) is None
    assert not apart(changed, TOWN, about)
    assert apart(changed, TOWN, frozenset({POLICE, TOWN}))
    assert apart(changed, WATER, about), "who has the case is told of it"
    assert first(changed, TOWN, frozenset()) == contacts[TOWN][0]


def test_for_an_office_speaks_a_channel_of_its_ladder_and_of_nobody_accused(
    demo_plan: Plan,
) -> None:
    directory = demo_plan.directory
    mine, shared = replace(rung(2), channel="town"), replace(rung(1, 0), channel="city")
    water = (shared, replace(rung(2), channel="town"))
    contacts = {**directory.contacts, TOWN: (shared, mine), WATER: water}
    changed = replace(directory, contacts=contacts)

    def speaks(channel: str, *accused: str) -> bool:
        return speaks_for(changed, TOWN, frozenset(accused), channel)

    assert speaks("city")
    assert speaks("town", WATER), "the office above the one accused"
    assert not speaks("city", WATER)
    assert speaks("city", TOWN), "who has the case"
    assert not speaks("other")


@pytest.mark.parametrize(
    ("told", "wait", "expected"),
    [
        (at(27, 9), 60, at(27, 10)),
        (at(27, 11, 30), 60, at(27, 15)),  # the lunch break does not count
        (at(27, 17), 60, at(30, 9)),  # nor the weekend
        (at(28, 3), 60, at(30, 9, 30)),  # nor the night before it
        (at(27, 11), 60, at(27, 12)),
    ],
)
def test_the_wait_is_working_time(told: datetime, wait: int, expected: datetime) -> None:
    assert due(told, rung(2, wait), OPEN, danger=False) == expected


def test_danger_waits_by_the_clock_and_for_half_an_hour_at_most() -> None:
    night = at(28, 3)

    assert due(night, rung(2, 60), OPEN, danger=True) == night + DANGER_WAIT
    assert due(night, rung(2, 10), OPEN, danger=True) == night + timedelta(minutes=10)
    assert due(night, None, OPEN, danger=True) == night + DANGER_WAIT


def test_the_last_one_gets_time_too() -> None:
    assert due(at(27, 9), None, OPEN, danger=False) == at(27, 9) + LAST_WAIT


def test_an_office_that_is_never_open_does_not_wait_for_ever() -> None:
    never = OpenIntervals((), at(30, 0))

    assert due(at(27, 9), rung(2, 60), never, danger=False) == at(27, 10)


@pytest.mark.parametrize(
    ("kind", "about", "topic", "offices"),
    [
        (Kind.HELP, None, "water", set()),
        (None, None, None, set()),
        (Kind.COMPLAINT, About.BUSINESS, None, set()),
        (Kind.COMPLAINT, About.THIS_OFFICE, "safety", {WATER}),
        (Kind.COMPLAINT, None, None, {WATER}),
        (Kind.REPORT, About.MISCONDUCT, None, {WATER}),
        (Kind.COMPLAINT, About.OTHER_OFFICE, "safety", {WATER, POLICE}),
    ],
)
def test_whom_a_complaint_may_be_about(
    demo_plan: Plan, kind: Kind | None, about: About | None, topic: str | None, offices: set[str]
) -> None:
    directory = demo_plan.directory
    dialled = next(e.e164 for e in directory.numbers.values() if e.office == WATER)

    assert accused(directory, dialled, topic, kind, about) == offices
