"""Whom next and when: each rung after the last, in working time but for danger, and never whoever
the complaint is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.world import Plan
from routing.cases.kinds import About, Kind
from routing.cases.ladder import DANGER_WAIT, LAST_WAIT, above, accused, due
from routing.hours import Holidays, OpenIntervals, open_intervals, parse_hours
from routing.register import Contact

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
