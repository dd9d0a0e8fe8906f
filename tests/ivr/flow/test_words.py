"""What a caller's words mean at the menus of the shipped vocabulary."""

from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.instruction import Language
from ivr.flow.meaning import (
    Again,
    Choice,
    Emergency,
    EndWord,
    Group,
    KindAndTopic,
    KindWord,
    Meaning,
    Person,
    TopicWord,
)
from ivr.flow.words import LONGEST, MENUS, Vocabulary, Words
from ivr.flow.world import Plan
from routing.cases.kinds import Kind


@pytest.fixture(scope="module")
def words(demo_plan: Plan) -> Vocabulary:
    return demo_plan.vocabulary


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("核验一下这个号码", Choice("1")),
        ("我想反映一件事", Choice("2")),
        ("我的工单办得怎么样了", Choice("3")),
        ("刚才有个未接来电", Choice("5")),
        ("我要咨询", KindWord(Kind.ENQUIRY)),
        ("求助", KindWord(Kind.HELP)),
        ("我要投诉", KindWord(Kind.COMPLAINT)),
        ("举报", KindWord(Kind.REPORT)),
        ("我有个建议", KindWord(Kind.SUGGESTION)),
        ("房子漏水了", TopicWord("housing", 1)),
        ("红绿灯坏了", TopicWord("safety", 4)),
        ("反映物业问题", TopicWord("housing", 1)),
        ("停水又停电", Group(1)),
        ("交税和贷款", Group(3)),
        ("转人工", Person()),
        ("没听清", Again()),
        ("说完了。", EndWord()),
        ("啊这个嘛", None),
        ("", None),
    ],
)
def test_mandarin_at_the_main_menu(words: Vocabulary, text: str, meaning: Meaning | None) -> None:
    assert words.understand(text, "zh-CN", "main") == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Please VERIFY a number", Choice("1")),
        ("it is a matter of some weight", Choice("2")),
        ("Status?", Choice("3")),
        ("who called me", Choice("5")),
        ("a question", KindWord(Kind.ENQUIRY)),
        ("a complaint about a person", KindWord(Kind.COMPLAINT)),
        ("a problem with the pension", TopicWord("employment", 2)),
        ("they want to close the schools", TopicWord("education", 2)),
        ("the bus and the taxi on the road", TopicWord("transport", 1)),
        ("tax refund", TopicWord("tax", 3)),
        ("human, please", Person()),
        ("pardon", Again()),
        ("I'm done", EndWord()),
        ("checkered scarecrow", None),
        ("taxidermy", None),
    ],
)
def test_english_at_the_main_menu(words: Vocabulary, text: str, meaning: Meaning | None) -> None:
    assert words.understand(text, "en", "main") == meaning


@pytest.mark.parametrize(
    ("text", "language", "meaning"),
    [
        ("咨询公积金", "zh-CN", KindAndTopic(Kind.ENQUIRY, TopicWord("housing", 1))),
        ("公积金怎么办", "zh-CN", KindAndTopic(Kind.ENQUIRY, TopicWord("housing", 1))),
        ("我要投诉物业", "zh-CN", KindAndTopic(Kind.COMPLAINT, TopicWord("housing", 1))),
        ("投诉停水停电", "zh-CN", KindAndTopic(Kind.COMPLAINT, Group(1))),
        ("投诉停水和医院", "zh-CN", KindWord(Kind.COMPLAINT)),
        ("我的投诉办得怎么样", "zh-CN", Choice("3")),
        (
            "a question about my pension",
            "en",
            KindAndTopic(Kind.ENQUIRY, TopicWord("employment", 2)),
        ),
        ("help with a leak", "en", KindAndTopic(Kind.HELP, TopicWord("housing", 1))),
        ("how do I talk to a human", "en", Person()),
    ],
)
def test_a_kind_and_a_topic_are_understood_together(
    words: Vocabulary, text: str, language: Language, meaning: Meaning
) -> None:
    assert words.understand(text, language, "main") == meaning
    if not isinstance(meaning, Choice):
        assert words.understand(text, language, "kind") == meaning


@pytest.mark.parametrize(
    ("text", "language", "key"),
    [
        ("就是你们局的人", "zh-CN", "1"),
        ("其他单位", "zh-CN", "2"),
        ("一个商家", "zh-CN", "3"),
        ("干部违纪", "zh-CN", "4"),
        ("第二个", "zh-CN", "2"),
        ("this office", "en", "1"),
        ("another office, please", "en", "2"),
        ("a business or person", "en", "3"),
        ("an official's misconduct", "en", "4"),
    ],
)
def test_whom_a_complaint_is_about_may_be_said(
    words: Vocabulary, text: str, language: Language, key: str
) -> None:
    assert words.understand(text, language, "about") == Choice(key)


@pytest.mark.parametrize(
    ("text", "language", "key"),
    [
        ("一", "zh-CN", "1"),
        ("第二个。", "zh-CN", "2"),
        ("我选两", "zh-CN", "2"),
        ("按3", "zh-CN", "3"),
        ("３", "zh-CN", "3"),  # full width
        ("one", "en", "1"),
        ("The second one, please", "en", "2"),
        ("press 5", "en", "5"),
        ("zero", "en", "0"),
    ],
)
def test_a_key_may_be_said(words: Vocabulary, text: str, language: Language, key: str) -> None:
    assert words.understand(text, language, "topic") == Choice(key)


def test_a_number_word_inside_a_sentence_is_no_key(words: Vocabulary) -> None:
    assert words.understand("一直没人管", "zh-CN", "topic") is None
    assert words.understand("no one answers", "en", "topic") is None


def test_numbers_are_left_to_the_reader_where_digits_are_collected(words: Vocabulary) -> None:
    assert words.understand("一", "zh-CN", "number") is None


@pytest.mark.parametrize("menu", ["", *MENUS])
@pytest.mark.parametrize(
    ("text", "language"),
    [("投诉，着火了", "zh-CN"), ("救命", "zh-CN"), ("complaint: FIRE!", "en"), ("gas leak", "en")],
)
def test_danger_comes_first_everywhere(
    words: Vocabulary, text: str, language: Language, menu: str
) -> None:
    assert words.understand(text, language, menu) == Emergency()


def test_fire_safety_is_a_topic_and_a_fire_beside_it_is_danger(words: Vocabulary) -> None:
    assert words.understand("fire safety", "en", "main") == TopicWord("safety", 4)
    assert words.understand("fire safety, there is a fire", "en", "main") == Emergency()
    assert words.understand("I was fired", "en", "main") is None


@pytest.mark.parametrize(
    ("text", "language"),
    [("what can be done", "en"), ("结束不了的麻烦真是让人头疼", "zh-CN")],
)
def test_a_sentence_with_an_end_word_does_not_end_the_call(
    words: Vocabulary, text: str, language: Language
) -> None:
    assert words.understand(text, language, "main") is None


def test_an_end_word_beside_a_topic_is_the_topic(words: Vocabulary) -> None:
    assert words.understand("停车结束", "zh-CN", "main") == TopicWord("transport", 1)


def test_words_of_the_main_menu_count_only_there(words: Vocabulary) -> None:
    assert words.understand("核验", "zh-CN", "topic") is None
    assert words.understand("complaint", "en", "topic") is None
    assert words.understand("停水", "zh-CN", "") is None


def test_words_of_two_groups_and_one_length_decide_nothing(words: Vocabulary) -> None:
    assert words.understand("停水和医院", "zh-CN", "topic") is None


@pytest.mark.parametrize(
    ("text", "language", "meaning"),
    [
        ("红绿灯的路灯", "zh-CN", None),
        ("医院的出租车", "zh-CN", None),
        ("宅基地规划", "zh-CN", TopicWord("land", 3)),
        ("tax refund", "en", TopicWord("tax", 3)),
        ("my tax and my refund", "en", Group(3)),
        ("medical insurance", "en", TopicWord("health", 2)),
    ],
)
def test_a_longer_word_hides_those_within_it_and_no_others(
    words: Vocabulary, text: str, language: Language, meaning: Meaning | None
) -> None:
    assert words.understand(text, language, "topic") == meaning


@pytest.mark.parametrize(
    ("text", "language", "meaning"),
    [
        (
            "I want to complain about a shop",
            "en",
            KindAndTopic(Kind.COMPLAINT, TopicWord("market", 3)),
        ),
        ("I complained about the shop", "en", KindAndTopic(Kind.COMPLAINT, TopicWord("market", 3))),
        ("somebody complains", "en", KindWord(Kind.COMPLAINT)),
        ("I'm complaining", "en", KindWord(Kind.COMPLAINT)),
        ("reporting a bribe", "en", KindAndTopic(Kind.REPORT, TopicWord("discipline", 4))),
        ("I reported it", "en", KindWord(Kind.REPORT)),
        ("may I suggest something", "en", KindWord(Kind.SUGGESTION)),
        ("I have no power", "en", TopicWord("power", 1)),
        ("there is no electricity", "en", TopicWord("power", 1)),
        ("a power outage", "en", TopicWord("power", 1)),
        ("the power is out", "en", TopicWord("power", 1)),
        ("no water and no power", "en", Group(1)),
        ("家里没电了", "zh-CN", TopicWord("power", 1)),
        ("断水两天了", "zh-CN", TopicWord("water", 1)),
        ("投诉商家", "zh-CN", KindAndTopic(Kind.COMPLAINT, TopicWord("market", 3))),
    ],
)
def test_forms_of_a_word_are_the_word(
    words: Vocabulary, text: str, language: Language, meaning: Meaning
) -> None:
    assert words.understand(text, language, "main") == meaning


@pytest.mark.parametrize(
    ("text", "language", "asked"),
    [
        ("请问怎么投诉", "zh-CN", ("投诉",)),
        ("how do I complain about the shop", "en", ("complain", "shop")),
        ("反映一个骗子", "zh-CN", ("骗子",)),
        ("各位听众，今年受理的投诉举报比去年同期又少了三成多", "zh-CN", ("投诉", "举报")),
        ("您刚才说的这些情况我都听明白了就是想要投诉物业公司", "zh-CN", ("投诉", "物业")),
        ("下面请看新闻，人工智能正在改变我们每个人的生活和工作", "zh-CN", ("人工",)),
    ],
)
def test_where_it_is_not_sure_the_words_are_to_be_asked_about(
    words: Vocabulary, text: str, language: Language, asked: tuple[str, ...]
) -> None:
    understood = words.understood(text, language, "main")

    assert (understood.words, understood.sure) == (asked, False)
    assert words.understand("，".join(asked), language, "main") == understood.meaning


def test_many_kinds_are_no_answer_and_of_a_complaint_and_a_report_one(words: Vocabulary) -> None:
    assert words.understand("举报投诉建议意见", "zh-CN", "main") is None
    assert words.understand("投诉举报", "zh-CN", "main") == KindWord(Kind.COMPLAINT)
    assert words.understand("反映举报投诉建议", "zh-CN", "main") == Choice("2")
    assert words.understand("建议，投诉，求助，停水", "zh-CN", "main") == TopicWord("water", 1)


def test_a_person_is_heard_where_digits_are_collected(words: Vocabulary) -> None:
    assert words.understand("找人工", "zh-CN", "number") == Person()
    assert words.understand("an operator", "en", "number") == Person()
    assert words.understand("幺三八", "zh-CN", "number") is None
    assert words.understand("着火", "zh-CN", "number") == Emergency()


def test_hints_are_the_words_of_the_menu_and_no_others(words: Vocabulary) -> None:
    topics = words.hints("zh-CN", "topic")

    assert {"停水", "人工"} <= set(topics)
    assert "核验" not in topics
    assert "核验" in words.hints("zh-CN", "main")
    assert set(words.hints("en", "number")) == {
        "person", "operator", "human", "repeat", "again", "pardon", "done", "finish",
    }  # fmt: skip


def test_every_topic_of_the_city_has_words_in_both_languages(demo_plan: Plan) -> None:
    for language in ("zh-CN", "en"):
        named = {
            meaning.topic
            for meaning in demo_plan.vocabulary.languages[language].topics.values()
            if isinstance(meaning, TopicWord)
        }

        assert named == set(demo_plan.directory.topics)


def test_every_table_of_words_is_filled_in_both_languages(words: Vocabulary) -> None:
    for language in ("zh-CN", "en"):
        for table in fields(Words):
            assert getattr(words.languages[language], table.name), (language, table.name)


HOSTILE = st.one_of(
    st.text(max_size=LONGEST + 50),
    st.text(alphabet="着火人工停水 \x00\u202e😀<>'\"", max_size=200),
    st.sampled_from(["人" * 10_000, "fire" * 5_000, "'; DROP TABLE cases;--", "\ufdfa" * 1000]),
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(HOSTILE, st.sampled_from(["zh-CN", "en"]), st.sampled_from(["", *MENUS, "none such"]))
def test_any_text_means_something_known_or_nothing(
    demo_plan: Plan, text: str, language: Language, menu: str
) -> None:
    meaning = demo_plan.vocabulary.understand(text, language, menu)

    assert meaning is None or isinstance(meaning, get_args(Meaning))


@pytest.mark.parametrize(
    ("text", "language", "topics"),
    [
        ("我家停水三天了，自来水公司不管", "zh-CN", {"water"}),
        ("停水又停电", "zh-CN", {"water", "power"}),
        ("消防通道堵了", "zh-CN", {"safety"}),
        ("没什么", "zh-CN", set()),
        ("My tax refund has not come", "en", {"tax"}),
        ("Our taxes and a refund", "en", {"tax", "market"}),
        ("The business of schools", "en", {"education"}),
        ("x" * 5_000 + " no water", "en", {"water"}),
        ("停水" * 5_000, "zh-CN", {"water"}),
    ],
)
def test_a_whole_statement_names_its_topics(
    demo_plan: Plan, text: str, language: Language, topics: set[str]
) -> None:
    assert set(demo_plan.vocabulary.topics(text, language)) == topics


@pytest.mark.parametrize(
    ("text", "language", "accuses"),
    [
        ("我要投诉", "zh-CN", True),
        ("举报他受贿", "zh-CN", True),
        ("你们局一直不理", "zh-CN", True),
        ("商店不退款", "zh-CN", False),
        ("我家停水三天了", "zh-CN", False),
        ("I have a complaint", "en", True),
        ("your office never answers", "en", True),
        ("the shop does not refund", "en", False),
    ],
)
def test_a_whole_statement_accuses_by_its_words(
    demo_plan: Plan, text: str, language: Language, accuses: bool
) -> None:
    assert demo_plan.vocabulary.accuses(text, language) is accuses
