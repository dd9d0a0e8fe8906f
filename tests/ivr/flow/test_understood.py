"""What is said of a choice by words: what was understood, or a question where the words only
sounded like known ones."""

import pytest

from ivr.flow.event import LineEvent, Silence, Spoke
from ivr.flow.instruction import Language
from ivr.flow.world import Plan
from tests.ivr.flow.understanding import heard, listens
from tests.ivr.flow.wandering import LEADER, Way, go, ring


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ((Spoke("我要投诉"),), "您说的是投诉。"),
        ((Spoke("房子漏水"),), "您说的是住房物业。"),
        ((Spoke("停水又停电"),), "您说的是居家出行。"),
        ((Spoke("我要投诉物业"),), "您说的是投诉，住房物业。"),
        ((Spoke("我要投诉"), Spoke("其他单位")), "您说的是其他单位。"),
        (("9", Spoke("a complaint")), "I heard: complaint."),
        (("9", Spoke("a question about my pension")), "I heard: question, jobs and insurance."),
        (("9", Spoke("a complaint"), Spoke("this office")), "I heard: this office or its staff."),
    ],
)
def test_what_was_understood_comes_before_what_follows(
    demo_plan: Plan, way: Way, said: str
) -> None:
    spoken = heard(go(ring(demo_plan, LEADER), *way))

    assert spoken[0] == said
    assert len(spoken) > 1


@pytest.mark.parametrize("words", ["核验", "查进度", "反映", "人工", "再说一遍", "救命"])
def test_where_the_next_words_tell_it_nothing_is_said_twice(demo_plan: Plan, words: str) -> None:
    assert not any("您说的是" in one for one in heard(go(ring(demo_plan), Spoke(words))))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("我要头诉", "投诉"),
        ("公基金怎么提取", "公积金"),
        ("路等坏了", "路灯"),
        ("红绿登", "红绿灯"),
    ],
)
def test_a_word_that_only_sounds_known_is_asked_about_with_keys_alone(
    demo_plan: Plan, words: str, asked: str
) -> None:
    wanderer = go(ring(demo_plan), Spoke(words))

    assert heard(wanderer) == [f"您说的是{asked}，对按1，不对按2。"]
    assert not listens(wanderer).speech


@pytest.mark.parametrize("answer", ["2", "#", "7"])
def test_after_a_no_there_are_keys_alone(demo_plan: Plan, answer: str) -> None:
    wanderer = go(ring(demo_plan), Spoke("我要头诉"), answer)

    assert wanderer.call.at == "main"
    assert wanderer.call.facts.kind is None
    assert not listens(wanderer).speech


@pytest.mark.parametrize("later", [Silence(), Spoke("今天天气")])
def test_a_question_that_nobody_answers_is_forgotten(demo_plan: Plan, later: LineEvent) -> None:
    wanderer = go(ring(demo_plan), Spoke("我要头诉"), Silence(), later)

    assert wanderer.call.facts.guess == ""
    assert go(wanderer, "1").call.at == "check"


def test_a_kind_that_was_asked_about_counts_as_said(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan, LEADER), Spoke("我要头诉"), "1")

    assert not heard(wanderer)[0].startswith("您说的是")  # it was said in the question
    assert listens(wanderer).speech


LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_has_a_name(demo_plan: Plan, language: Language) -> None:
    groups = {topic.group for topic in demo_plan.directory.topics.values()}

    for group in groups:
        assert demo_plan.phrases.plain(f"group.{group}", language)
