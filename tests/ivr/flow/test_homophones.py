"""What sounds alike in Mandarin: signs of one syllable, and syllables that accents join."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.homophones import SILENT, Homophones, folded
from ivr.flow.meaning import EndWord
from ivr.flow.words import Vocabulary
from ivr.flow.world import Plan
from ivr.library.plans import shipped_homophones
from tools import syllables


@pytest.fixture(scope="module")
def homophones() -> Homophones:
    return shipped_homophones()


@pytest.fixture(scope="module")
def words(demo_plan: Plan) -> Vocabulary:
    return demo_plan.vocabulary


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zhang", "zan"),
        ("shi", "si"),
        ("chen", "ceng"),
        ("nan", "lan"),
        ("xing", "xin"),
        ("lv", "nv"),
    ],
)
def test_accents_join_syllables(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("shi", "xi"), ("hong", "hun"), ("fu", "hu"), ("jian", "zhan"), ("ban", "pan"), ("shu", "su")],
)
def test_other_syllables_stay_apart(one: str, other: str) -> None:
    assert (folded(one) == folded(other)) is (one == "shu")


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("我要头诉", ["投诉"], ["投诉"]),
        ("停谁了", ["停电", "停水"], ["停水"]),
        ("头A诉", ["投诉"], []),  # another sign between
        ("头", ["投诉", "投"], []),  # cut off, and one syllable
        ("", ["投诉"], []),
        ("银航的行长", ["银行"], ["银行"]),  # a sign with two readings
    ],
)
def test_words_are_found_by_their_sound(
    homophones: Homophones, text: str, words: list[str], found: list[str]
) -> None:
    assert [word for _, word in homophones.places(text, words)] == found


def test_without_readings_nothing_sounds_like_anything() -> None:
    assert list(SILENT.places("投诉", ["投诉"])) == []


@pytest.mark.parametrize(
    ("text", "menu", "word"),
    [
        ("我要头诉", "main", "投诉"),
        ("反应一件事", "main", "反映"),  # the first of two that are as long
        ("那个红绿登坏了", "topic", "红绿灯"),
        ("我要头诉", "topic", None),  # no word of this menu
        ("我要头诉", "number", None),
        ("找活干", "main", None),  # like danger
        ("解数了", "main", None),  # like the end
        ("今天天气", "main", None),
        ("物业、医院、公交", "topic", None),  # known as it is written, but of several topics
    ],
)
def test_a_menu_is_told_the_word_that_was_perhaps_meant(
    words: Vocabulary, text: str, menu: str, word: str | None
) -> None:
    assert words.resembled(text, "zh-CN", menu) == word


def test_english_is_not_looked_up_by_mandarin_sounds(words: Vocabulary) -> None:
    assert words.resembled("我要头诉", "en", "main") is None


def test_every_word_that_may_be_guessed_is_found_by_its_own_sound(words: Vocabulary) -> None:
    """None holds a sign that the readings lack."""
    known = words.languages["zh-CN"]
    for table in (known.main, known.kinds, known.topics, known.everywhere):
        for word, meaning in table.items():
            if not isinstance(meaning, EndWord) and not word.isascii():
                assert words.homophones.places(word, [word]), word
                assert (0, word) in words.homophones.places(word, [word])


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.text(alphabet="着火救命爆炸投诉头素停水谁找人公工 \x00<", max_size=150))
def test_a_guess_is_a_word_of_the_menu(demo_plan: Plan, text: str) -> None:
    vocabulary = demo_plan.vocabulary
    word = vocabulary.resembled(text, "zh-CN", "main")

    assert word is None or word in vocabulary.hints("zh-CN", "main")
    assert word not in vocabulary.languages["zh-CN"].emergency


def test_the_file_is_what_its_command_writes() -> None:
    assert "".join(f"{line}\n" for line in syllables.lines()) == syllables.FILE.read_text("utf-8")
