"""When a menu listens for words: never after one that it did not understand, and where the kind is
asked only for who has spoken before."""

import pytest

from ivr.flow.event import Spoke
from ivr.flow.instruction import Ask
from ivr.flow.world import Plan
from routing.cases.kinds import Kind
from tests.ivr.flow.wandering import LEADER, Wanderer, Way, go, ring


def test_from_unheard_words_on_only_keys_are_offered(demo_plan: Plan) -> None:
    wanderer = ring(demo_plan)
    assert listens(wanderer).speech

    go(wanderer, Spoke("今天天气"))
    assert not listens(wanderer).speech
    go(wanderer, "1")
    assert not listens(wanderer).speech


@pytest.mark.parametrize("way", [("2",), ("2", "3")])
def test_who_uses_the_keys_is_not_chosen_for_by_a_television(demo_plan: Plan, way: Way) -> None:
    assert not listens(go(ring(demo_plan), *way)).speech


def test_who_has_spoken_may_go_on_speaking(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan), Spoke("我要反映一件事"))
    assert (wanderer.call.at, listens(wanderer).speech) == ("kind", True)

    go(wanderer, Spoke("投诉物业"))
    assert (wanderer.call.at, listens(wanderer).speech) == ("about", True)

    go(wanderer, Spoke("商家"))
    assert wanderer.call.at == "record"
    assert wanderer.call.facts.kind is Kind.COMPLAINT
    assert wanderer.call.facts.topic == "housing"


def test_a_topic_said_where_the_kind_is_asked_is_not_asked_again(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan, LEADER), Spoke("反映"), Spoke("停水了"))
    assert wanderer.call.at == "kind"

    assert go(wanderer, "2").call.at == "record"
    assert wanderer.call.facts.topic == "water"


def listens(wanderer: Wanderer) -> Ask:
    ask = wanderer.last.say[-1]
    assert isinstance(ask, Ask)
    return ask
