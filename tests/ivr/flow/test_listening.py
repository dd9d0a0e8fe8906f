"""When a menu listens for words: until it does not understand one; and a television chooses
nothing."""

from dataclasses import replace

import pytest

from ivr.flow.event import LineEvent, Silence, Spoke
from ivr.flow.instruction import Language
from ivr.flow.world import Plan
from routing.cases.kinds import About, Kind
from tests.ivr.flow.understanding import heard, listens
from tests.ivr.flow.wandering import LEADER, Way, go, ring, spoken


def test_from_unheard_words_on_only_keys_are_offered(demo_plan: Plan) -> None:
    wanderer = ring(demo_plan)
    assert listens(wanderer).speech

    go(wanderer, Spoke("今天天气"))
    assert not listens(wanderer).speech
    go(wanderer, "1")
    assert not listens(wanderer).speech


@pytest.mark.parametrize("way", [("2",), ("2", "3"), ("2", "3", "3"), ("2", "1", "1")])
def test_a_menu_listens_alike_after_keys_and_after_words(demo_plan: Plan, way: Way) -> None:
    assert listens(go(ring(demo_plan, LEADER), *way)).speech


@pytest.mark.parametrize(
    ("way", "words", "kind", "about"),
    [
        (("2",), "求助", Kind.HELP, None),
        (("2", "3"), "商家或个人", Kind.COMPLAINT, About.BUSINESS),
        (("9", "2"), "help", Kind.HELP, None),
        (("9", "2", "3"), "a business or person", Kind.COMPLAINT, About.BUSINESS),
    ],
)
def test_who_used_the_keys_may_speak(
    demo_plan: Plan, way: Way, words: str, kind: Kind, about: About | None
) -> None:
    facts = go(ring(demo_plan, LEADER), *way, Spoke(words)).call.facts

    assert (facts.kind, facts.about) == (kind, about)


def test_yes_and_no_are_keys_alone(demo_plan: Plan) -> None:
    assert not listens(go(ring(demo_plan), Spoke("我要头诉"))).speech


BROADCAST = "欢迎收看新闻联播，今天的主要内容有，全国人大举报投诉建议意见都很多"


@pytest.mark.parametrize(
    ("way", "words", "said"),
    [
        ((), BROADCAST, "没有听懂，请按键。"),
        (("2", "2"), "物业，医院，公交", "没有听懂，请按键。"),
        (("2",), BROADCAST, "没有听懂，请按键。"),
        (
            (),
            "各位观众晚上好，全市今年受理消费者投诉比去年少了三成",
            "您说的是投诉，对按1，不对按2。",
        ),
        (
            ("2", "2"),
            "本台消息，我市今天又有三个住宅小区换了新的物业公司",
            "您说的是物业，对按1，不对按2。",
        ),
    ],
)
def test_a_television_chooses_nothing(demo_plan: Plan, way: Way, words: str, said: str) -> None:
    wanderer = go(ring(demo_plan, LEADER), *way)
    before = wanderer.call

    go(wanderer, Spoke(words))

    assert heard(wanderer)[0] == said
    assert not listens(wanderer).speech
    after = wanderer.call
    assert (after.at, after.facts.kind) == (before.at, before.facts.kind)
    assert after.facts.topic is None


def test_a_story_that_was_asked_about_counts_as_said(demo_plan: Plan) -> None:
    story = "你好，我是东城区的居民，我想投诉我们小区的物业公司，一直不修电灯"

    wanderer = go(ring(demo_plan, LEADER), Spoke(story))
    assert heard(wanderer) == ["您说的是投诉，物业，对按1，不对按2。"]

    facts = go(wanderer, "1").call.facts
    assert (facts.kind, facts.topic) == (Kind.COMPLAINT, "housing")


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


ENGLISH_OFFERED = "English, press 9."


@pytest.mark.parametrize("first", [Silence(), Spoke("I want to make a complaint")])
def test_the_other_language_is_offered_once_more_where_nothing_was_chosen(
    demo_plan: Plan, first: LineEvent
) -> None:
    wanderer = go(ring(demo_plan, LEADER), first)
    said = heard(wanderer)
    assert said[1] == ENGLISH_OFFERED
    assert spoken(wanderer.last.say)[1].language == "en"
    assert said[2] == "核验号码按1，反映事项按2，查进度按3，人工按0，回拨未接来电按5。"

    assert ENGLISH_OFFERED not in heard(go(wanderer, Spoke("今天天气")))
    assert ENGLISH_OFFERED not in heard(go(wanderer, Silence()))


def test_a_line_of_one_language_offers_no_other(demo_plan: Plan) -> None:
    assert ENGLISH_OFFERED not in heard(go(ring(one_language(demo_plan), LEADER), Silence()))


@pytest.mark.parametrize("words", ["English please", "English", "英语", "我要说英文", "ENGLISH"])
def test_english_is_the_key_9(demo_plan: Plan, words: str) -> None:
    wanderer = go(ring(demo_plan, LEADER), Spoke(words))

    assert (wanderer.call.at, wanderer.call.language) == ("main_again", "en")


@pytest.mark.parametrize(
    "words", ["Chinese", "Mandarin, please", "in Putonghua", "普通话", "请说中文"]
)
def test_mandarin_is_the_way_back(demo_plan: Plan, words: str) -> None:
    wanderer = go(ring(demo_plan, LEADER), "9", Spoke(words))

    assert (wanderer.call.at, wanderer.call.language) == ("main_again", "zh-CN")


@pytest.mark.parametrize(
    ("language", "words", "topic"),
    [("zh-CN", "英语老师", "education"), ("en", "the food of a Chinese shop", "market")],
)
def test_a_language_beside_a_topic_is_no_key(
    demo_plan: Plan, language: Language, words: str, topic: str
) -> None:
    wanderer = go(ring(demo_plan, LEADER), *(("9",) if language == "en" else ()), Spoke(words))

    assert (wanderer.call.language, wanderer.call.facts.topic) == (language, topic)


def test_who_was_not_understood_in_one_language_may_speak_the_other(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan, LEADER), Spoke("I want to make a complaint"), "9")
    assert listens(wanderer).speech

    assert go(wanderer, Spoke("I want to make a complaint")).call.at == "about"


def one_language(plan: Plan) -> Plan:
    numbers = {
        number: replace(entry, languages=("zh-CN",))
        for number, entry in plan.directory.numbers.items()
    }
    return replace(plan, directory=replace(plan.directory, numbers=numbers))
