"""Scripts, phrases and words as read from TOML: what is refused, and that all faults are told."""

from dataclasses import replace
from datetime import date

import pytest

from ivr.flow.node import Check, End, Menu, Option, Prompt, When
from ivr.flow.world import Plan
from ivr.library import (
    Inputs,
    LibraryError,
    Shipped,
    compile_plan,
    load_phrases,
    load_script,
    load_vocabulary,
    shipped,
)
from routing.cases.kinds import About, Kind

HEAD = """id = "s"
start = "a"
person = "a"
lost = "a"
bye = "a"
time = "a"
urgent = "a"
message = "a"
"""
END = """[nodes.a]
kind = "end"
prompts = ["end.bye"]
"""


def test_a_small_script_is_read_as_written() -> None:
    script = load_script(
        HEAD
        + END
        + """[nodes.m]
kind = "menu"
prompts = ["x", { phrase = "y", when = "hears", other = true, pause = 2 }]
none = "a"
[nodes.m.options]
1 = "a"
2 = { goto = "a", kind = "help", about = "business", group = 3, topic = "tax", when = "mobile" }
[nodes.c]
kind = "check"
goto = "m"
over = "a"
confirm = "a"
area = "a"
wait = 7
"""
    )

    assert script.nodes["a"] == End("a", (Prompt("end.bye"),))
    assert script.nodes["c"] == Check(id="c", goto="m", over="a", confirm="a", area="a", wait=7)
    menu = script.nodes["m"]
    assert isinstance(menu, Menu)
    assert menu.prompts == (Prompt("x"), Prompt("y", When.HEARS, other=True, pause=2))
    assert menu.options["2"] == Option("a", Kind.HELP, About.BUSINESS, 3, "tax", When.MOBILE)
    assert (menu.none, menu.silent, menu.wait) == (Option("a"), "a", 10)


def test_every_fault_of_a_script_is_told_with_its_path() -> None:
    faulty = (
        HEAD.replace('time = "a"\n', "")
        + END
        + """[nodes.m]
kind = "menu"
prompts = [{ phrase = "x", when = "rains" }]
wait = 3
colour = "red"
[nodes.t]
kind = "telepathy"
"""
    )

    with pytest.raises(LibraryError) as refused:
        load_script(faulty)

    told = str(refused.value)
    for path in (
        "time:",
        "nodes.m.menu.prompts.0",
        "when",
        "nodes.m.menu.wait",
        "colour",
        "nodes.t",
    ):
        assert path in told, path


def test_text_that_is_not_toml_is_refused_in_a_sentence() -> None:
    with pytest.raises(LibraryError, match="the script is not TOML"):
        load_script("start = ")
    with pytest.raises(LibraryError, match="the phrases in en are not TOML"):
        load_phrases({"en": '"a" ='})


def test_a_phrase_must_be_text() -> None:
    with pytest.raises(LibraryError, match="these phrases in en are no text: b, c"):
        load_phrases({"en": '"a" = "x"\n"b" = 1\n"c" = ["y"]'})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('person = ["person"', 'people = ["person"'),
        ("enquiry =", "riddle ="),
        ("housing =", "castles ="),
        ('emergency = ["fire"', "emergency = [fire"),
    ],
)
def test_words_that_cannot_be_used_are_refused(demo_plan: Plan, old: str, new: str) -> None:
    text = shipped().words["en"]
    assert old in text

    with pytest.raises(LibraryError, match="the words in en cannot be used"):
        load_vocabulary({"en": text.replace(old, new)}, demo_plan.directory.topics)


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
