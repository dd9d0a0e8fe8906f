"""Which matter is spoken of, and of what kind, where a call comes to it by a side way."""

import pytest

from ivr.flow.effect import MakeAnonymous, OpenCase
from ivr.flow.event import DialEnded, Recorded, RecordingEnd, Silence
from ivr.flow.slots import office_text
from ivr.flow.world import Plan, World
from routing.cases.kinds import Kind
from tests.ivr.flow.wandering import FARMING, MINE, PIN, SAID, TUESDAY, Way, go, ring, rung, said


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
