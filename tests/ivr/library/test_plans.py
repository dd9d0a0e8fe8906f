"""Plans from texts: kept and read again as they were, refused where the menu is wrong."""

import json
from dataclasses import replace
from datetime import date

import pytest

from ivr.flow.node import Menu
from ivr.flow.world import Plan
from ivr.library.errors import LibraryError
from ivr.library.plans import Inputs, Shipped, compile_plan


def test_inputs_are_kept_as_text_and_read_again_as_they_were(demo_inputs: Inputs) -> None:
    text = demo_inputs.to_text()

    again = Inputs.from_text(text)

    assert again == demo_inputs
    assert again.to_text() == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sheets": {"colour": "red"}}'])
def test_inputs_of_another_version_are_refused(text: str) -> None:
    with pytest.raises(LibraryError, match="another version"):
        Inputs.from_text(text)


def test_a_plan_with_a_broken_script_is_refused(demo_inputs: Inputs) -> None:
    broken = demo_inputs.shipped.script.replace('5 = "missed"\n9', "9")
    inputs = replace(
        demo_inputs,
        shipped=Shipped(broken, demo_inputs.shipped.phrases, demo_inputs.shipped.words),
    )

    with pytest.raises(LibraryError, match="key 5 of the main menu"):
        compile_plan(inputs, 1, date(2026, 11, 24))


def test_a_key_that_states_no_topic_of_the_city_is_refused(demo_inputs: Inputs) -> None:
    script = demo_inputs.shipped.script.replace('topic = "transport"', 'topic = "trams"')
    inputs = replace(demo_inputs, shipped=replace(demo_inputs.shipped, script=script))

    with pytest.raises(LibraryError, match="topic_living: key 3 states 'trams'"):
        compile_plan(inputs, 1, date(2026, 11, 24))


def test_every_topic_that_a_key_states_is_in_the_city(demo_plan: Plan) -> None:
    stated = {
        option.topic
        for node in demo_plan.script.nodes.values()
        if isinstance(node, Menu)
        for option in node.options.values()
        if option.topic
    }

    assert stated <= demo_plan.directory.topics.keys()
    assert len(stated) == 16  # two menu levels of four keys


def test_the_topic_keys_lead_to_the_first_topic_of_each_code(demo_plan: Plan) -> None:
    groups = {1: "topic_living", 2: "topic_care", 3: "topic_economy", 4: "topic_public"}
    for group, name in groups.items():
        menu = demo_plan.script.nodes[name]
        assert isinstance(menu, Menu)
        for key, option in menu.options.items():
            first = next(
                t.id for t in demo_plan.directory.topics.values() if t.code == f"{group}{key}"
            )

            assert option.topic == first, f"{group}{key}"


def test_a_plan_that_was_stored_before_there_were_contacts_is_read(demo_inputs: Inputs) -> None:
    stored = json.loads(demo_inputs.to_text())
    del stored["sheets"]["contacts"]

    plan = compile_plan(Inputs.from_text(json.dumps(stored)), 1, date(2026, 11, 24))

    assert [rung.email for rung in plan.directory.contacts["市公安局"]] == [
        "office07@yunling.example",
        "office02@yunling.example",
    ]


def test_the_contacts_of_a_stored_plan_are_its_own(demo_inputs: Inputs, demo_plan: Plan) -> None:
    again = compile_plan(Inputs.from_text(demo_inputs.to_text()), 1, date(2026, 11, 24))

    assert again.directory.contacts == demo_plan.directory.contacts
    assert len(again.directory.contacts["市公安局"]) == 3
