"""Who says an option as it was just read out is understood as if its key had been pressed: at every
menu of every script that listens, in both languages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from ivr.flow.event import LineEvent, Pressed, Spoke
from ivr.flow.instruction import Language
from ivr.flow.node import Menu
from ivr.flow.world import Plan
from ivr.library.plans import IVR
from ivr.library.scripts import load_script
from routing.cases.kinds import Kind
from tests.ivr.flow.understanding import heard, listens
from tests.ivr.flow.wandering import Wanderer, go, ring

MAYOR: Final = "+865580000009"
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
OPTION: Final = {
    "zh-CN": re.compile(r"([^，。；]+)按([0-9]|井号)"),
    "en": re.compile(r"([^;.]+), (?:press )?([0-9]|hash)(?=[;.])"),
}
SCRIPTS: Final = sorted(Path(IVR, "scripts").glob("*.toml"))


def read_out(plan: Plan, node: Menu, language: Language) -> Iterator[tuple[str, str]]:
    """Each option that the menu reads out, and its key."""
    for prompt in node.prompts:
        text = plan.phrases.plain(prompt.phrase, language) or ""
        for label, key in OPTION[language].findall(text):
            yield label.strip(), key if key.isdigit() else "#"


def as_said(label: str, language: Language) -> Sequence[str]:
    if language == "zh-CN":
        return (label, f"{label}。", f"我选{label}", " ".join(label))
    bare = re.sub(r",| and\b| or\b", "", label)
    return (label, label.lower(), bare, bare.replace("'", ""), f"{label}, please.")


def at(plan: Plan, node: str, language: Language) -> Wanderer:
    """A call that waits at this menu."""
    wanderer = ring(plan, MAYOR)
    facts = replace(wanderer.call.facts, kind=Kind.COMPLAINT if node == "about" else None)
    wanderer.call = replace(wanderer.call, at=node, language=language, facts=facts)
    return wanderer


def led(wanderer: Wanderer, event: LineEvent) -> tuple[object, ...]:
    call = go(wanderer, event).call
    facts = call.facts
    group = None if facts.topic else facts.group  # a topic's group is known by itself
    return call.at, call.language, facts.kind, facts.about, facts.topic, group


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_label_does_what_its_key_does(demo_plan: Plan, path: Path, language: Language) -> None:
    script = load_script(path.read_text(encoding="utf-8"))
    plan = replace(demo_plan, script=script)
    menus = {name: node for name, node in script.nodes.items() if isinstance(node, Menu)}
    walked, wrong = 0, []
    for name, node in menus.items():
        for label, key in read_out(plan, node, language) if node.speech else ():
            pressed = led(at(plan, name, language), Pressed(key.strip("#"), key == "#"))
            for words in as_said(label, language):
                spoken = led(at(plan, name, language), Spoke(words))
                if spoken != pressed:
                    wrong.append(f"{name}: {words!r} -> {spoken}, not {pressed}")
                walked += 1

    assert wrong == []
    assert walked > 150


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_of_a_menu_that_listens_has_a_label(demo_plan: Plan, language: Language) -> None:
    """But that of the other language, which is said in its own words."""
    for name, node in demo_plan.script.nodes.items():
        if isinstance(node, Menu) and node.speech:
            keys = {key for _, key in read_out(demo_plan, node, language)}
            assert set(node.options) - {"9"} <= keys, name


@pytest.mark.parametrize(
    ("language", "words", "group", "topic"),
    [
        ("zh-CN", "水电气", 1, "water"),
        ("zh-CN", "税费金融", 3, "tax"),
        ("zh-CN", "我家的道路交通", 1, "transport"),
        ("en", "shopping and markets", 3, "market"),
        ("en", "officials' conduct", 4, "discipline"),
        ("en", "tax finance", 3, "tax"),
    ],
)
def test_a_label_of_the_second_menu_is_known_at_the_first(
    demo_plan: Plan, language: Language, words: str, group: int, topic: str
) -> None:
    call = go(at(demo_plan, "topic_root", language), Spoke(words)).call

    assert (call.at, call.facts.group, call.facts.topic) == ("record", group, topic)


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "居家出行"), ("en", "home and travel")])
def test_a_label_of_the_first_menu_is_known_at_the_second(
    demo_plan: Plan, language: Language, words: str
) -> None:
    wanderer = go(at(demo_plan, "topic_public", language), Spoke(words))

    assert wanderer.call.at == "topic_living"


@pytest.mark.parametrize(
    ("node", "words", "said"),
    [
        ("topic_root", "居家出行", "您说的是居家出行。"),
        ("topic_living", "水电气", "您说的是水电气。"),
        ("topic_living", "第二个", "您说的是水电气。"),
        ("kind", "投诉举报", "您说的是投诉举报。"),
    ],
)
def test_the_option_is_said_back_as_it_was_read_out(
    demo_plan: Plan, node: str, words: str, said: str
) -> None:
    assert heard(go(at(demo_plan, node, "zh-CN"), Spoke(words)))[0] == said


def test_a_label_that_only_sounds_so_is_asked_about_and_then_counts(demo_plan: Plan) -> None:
    wanderer = go(at(demo_plan, "topic_living", "zh-CN"), Spoke("水店气"))
    assert heard(wanderer) == ["您说的是水电气，对按1，不对按2。"]

    assert go(wanderer, "1").call.facts.topic == "water"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", "医院的出租车"),
        ("zh-CN", "水电气和看病医保"),
        ("en", "the bus to the hospital"),
        ("en", "housing and tax and finance"),
    ],
)
def test_where_topics_of_several_groups_are_named_the_menu_asks(
    demo_plan: Plan, language: Language, words: str
) -> None:
    wanderer = go(at(demo_plan, "topic_root", language), Spoke(words))

    assert wanderer.call.at == "topic_root"
    assert wanderer.call.facts.topic is None
    assert not listens(wanderer).speech


@pytest.mark.parametrize("words", ["停水又停电", "居家出行"])
def test_what_names_no_topic_of_a_groups_own_menu_is_no_answer_to_it(
    demo_plan: Plan, words: str
) -> None:
    wanderer = go(at(demo_plan, "topic_living", "zh-CN"), Spoke(words))

    assert heard(wanderer)[0] == "没有听懂，请按键。"
    assert (wanderer.call.at, listens(wanderer).speech) == ("topic_living", False)
