"""Which matter is spoken of, and of what kind, where a call comes to it by a side way."""

from datetime import datetime

import pytest

from ivr.flow.effect import MakeAnonymous, OpenCase
from ivr.flow.event import DialEnded, Recorded, RecordingEnd, Silence, Spoke
from ivr.flow.slots import office_text
from ivr.flow.world import Plan, World
from routing.cases.kinds import Kind
from tests.ivr.flow.wandering import (
    FARMING,
    LINE,
    MINE,
    NIGHT,
    PIN,
    SAID,
    TUESDAY,
    Way,
    go,
    ring,
    rung,
    said,
)


@pytest.mark.parametrize("end", [RecordingEnd.PERSON, RecordingEnd.FINISHED])
def test_a_report_without_a_word_is_no_report(demo_plan: Plan, end: RecordingEnd) -> None:
    """Whoever asks for a person instead is rung through to the line's own office."""
    nothing = Recorded("RE0", 0, end)
    way = (nothing,) if end is RecordingEnd.PERSON else (nothing, nothing)
    plain = go(ring(demo_plan, FARMING), "0")

    wanderer = go(ring(demo_plan, FARMING), "1", "#", "2", *way)

    assert wanderer.call.at == "person"
    assert rung(wanderer) == rung(plain) is not None
    assert wanderer.call.facts.kind is None


def test_a_new_case_takes_the_place_of_the_one_asked_for(demo_plan: Plan) -> None:
    """Progress first, then a message where nobody is free: what follows is of the message."""
    no = DialEnded(accepted=False, declined=True)
    way = ("3", "46270395" + PIN, "0", no, no, no)
    wanderer = go(ring(demo_plan, town=MINE), *way)
    assert wanderer.call.at == "none_message"

    go(wanderer, SAID)
    mine = wanderer.call.facts.reference
    opened = next(effect for effect in wanderer.last.do if isinstance(effect, OpenCase))
    assert mine == opened.reference != "46270395"
    assert wanderer.call.facts.asked is None
    assert office_text(World(demo_plan, TUESDAY), opened.office, "zh-CN") in wanderer.words

    assert go(wanderer, "2").last.do == (MakeAnonymous(mine),)


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        (("2", Silence(), Silence(), "2"), None),  # "to leave a message, press 2"
        (("2", Silence(), Silence(), "7", "2"), Kind.HELP),  # the menu was spoken again
        (("2", Silence(), "2"), Kind.HELP),
    ],
)
def test_the_key_of_a_message_states_nothing(demo_plan: Plan, way: Way, kind: Kind | None) -> None:
    wanderer = go(ring(demo_plan), *way)

    assert wanderer.call.at == "record"
    assert said(wanderer, "record.ask")
    assert wanderer.call.facts.kind is kind


ZERO = Recorded("RE1", 20, RecordingEnd.PERSON)
NO = DialEnded(accepted=False, declined=False)


@pytest.mark.parametrize(
    ("dialled", "now", "way", "at"),
    [
        (LINE, TUESDAY, ("2", "1", ZERO, NO, NO), "none_case"),
        (FARMING, NIGHT, ("2", "3", "1", ZERO), "hours_case"),
        (FARMING, NIGHT, ("2", "2", ZERO), "case_duty"),
    ],
)
def test_who_asks_for_a_person_while_recording_still_hears_the_case_number(
    demo_plan: Plan, dialled: str, now: datetime, way: Way, at: str
) -> None:
    """A landline gets no text: without number and PIN its caller could not ask how it stands."""
    wanderer = go(ring(demo_plan, dialled, "+865580012345", now=now), *way)

    assert wanderer.call.at == at
    assert said(wanderer, "case.read")


def test_a_case_number_that_was_read_out_is_not_read_again_unasked(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan), "2", "1", SAID, NO, NO)

    assert wanderer.call.at == "none_case"
    assert not said(wanderer, "case.read")
    assert said(go(wanderer, "*"), "case.read")


@pytest.mark.parametrize(
    ("way", "again"), [((Spoke("有人持刀"), SAID), True), (("2", "2", SAID), False)]
)
def test_where_nobody_comes_to_a_danger_the_numbers_that_help_are_said_again(
    demo_plan: Plan, way: Way, again: bool
) -> None:
    wanderer = go(ring(demo_plan), *way, NO, NO)

    assert wanderer.call.at == "none_case"
    assert said(wanderer, "matter.danger") is again
