"""What a recogniser is told to expect, and how it is known again when it comes back."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.instruction import Language
from ivr.flow.words import Vocabulary
from ivr.library.plans import LANGUAGES, shipped
from ivr.library.wording import load_vocabulary
from ivr.transcription.hot_words import MOST_TOKENS, HotWords, echoed, hot_words, tokens
from ivr.transcription.spoken import Heard, joined, spoken
from routing.register import Directory
from tests.routing.web.city import city

CITY: Final = city()
WORDS: Final = load_vocabulary(shipped().words, CITY.topics)
WATER: Final = next(line.e164 for line in CITY.numbers.values() if line.topic == "water")
HOT: Final = hot_words(CITY, WORDS, "zh-CN")


def of(
    language: Language, dialled: str | None = None, directory: Directory = CITY
) -> tuple[str, ...]:
    return hot_words(directory, WORDS, language, dialled).words


def test_the_number_dialled_comes_first() -> None:
    entry = CITY.numbers[WATER]
    chinese, english = (of(language, entry.e164) for language in LANGUAGES)

    assert chinese[:3] == (entry.office_spoken["zh-CN"], "云岭市", "停水")
    assert english[:3] == ("Bureau of Water Resources", "Yunling", "no water")
    assert len([word for word in chinese if word in {"停水", "自来水", "水费", "水管"}]) == 4


@pytest.mark.parametrize("dialled", [None, "+10000000000"])
def test_without_it_places_topics_names_and_offices_are_there(dialled: str | None) -> None:
    chinese, english = (set(of(language, dialled)) for language in LANGUAGES)

    assert {"云岭市", "停水", "涡河", "市教育局", "供水排水"} <= chinese
    assert {"Yunling", "no water", "Guohe", "Bureau of Education", "housing"} <= english


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_prompt_fits_and_says_nothing_twice(language: Language) -> None:
    for dialled in (None, *CITY.numbers):
        hot = hot_words(CITY, WORDS, language, dialled)
        folded = [word.casefold() for word in hot.words]

        assert MOST_TOKENS * 3 // 4 < tokens(hot.prompt(language)) <= MOST_TOKENS
        assert len(set(folded)) == len(folded)


@pytest.mark.parametrize("language", LANGUAGES)
def test_silence_is_told_of_no_danger(language: Language) -> None:
    prompt = hot_words(CITY, WORDS, language).prompt(language)

    assert not WORDS.speaks_of_danger(prompt)


def test_what_no_prompt_bears_is_left_out() -> None:
    office = next(iter(CITY.offices.values()))
    names = {"停水了。快来", "市\n局", "区" * 50, "局"}
    strange = {
        name: replace(office, id=name, spoken=dict.fromkeys(LANGUAGES, name)) for name in names
    }
    found = of("zh-CN", directory=replace(CITY, offices=strange))

    assert not names & set(found)


def test_a_prompt_is_words_and_no_more_where_there_are_none() -> None:
    assert HotWords().prompt("en") == ""
    assert HotWords().prompt("zh-CN") == "以下是普通话的句子。"
    assert HotWords(("bus", "taxi")).prompt("en") == "bus, taxi."
    assert HotWords(("停水",)).prompt("zh-CN").endswith("句子。停水。")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("dialled", [None, WATER])
def test_a_prompt_that_comes_back_is_nothing(language: Language, dialled: str | None) -> None:
    hot = hot_words(CITY, WORDS, language, dialled)

    assert spoken(hot.prompt(language), hot) == ""
    assert spoken(hot.prompt(language) * 3, hot) == ""


@pytest.mark.parametrize(
    "echo",
    [
        "云岭市、房子、涡河",
        "停水、市长、市政府、供水排水、涡河县。",
        "停水。市长。市政府。供水排水。",
        "停水 市长 市政府",
        "以下是普通话的句子。停水，市长，市政府。",
        "市教育局、停水、公交、西河县、区长、垃圾",
    ],
)
def test_part_of_it_is_nothing_too(echo: str) -> None:
    assert spoken(echo, HOT) == ""


@pytest.mark.parametrize(
    "said",
    [
        "路灯坏了。",
        "停水",
        "停水。",
        "停水停电。",
        "涡河县停水。",
        "公交、停水、垃圾",
        "停水、市长、市政府都不管。",
        "云岭市停水。没人管！",
        "我打市教育局，打市政府，打市长电话，停水停电没人管，房子也漏。",
    ],
)
def test_a_caller_who_says_these_words_is_heard(said: str) -> None:
    assert spoken(said, HOT) == said


def test_an_echo_goes_and_what_was_said_beside_it_stays() -> None:
    assert spoken("停水、市长、市政府。水管裂了。停水。", HOT) == "水管裂了。停水。"


def test_one_word_is_not_believed_where_the_engine_thinks_that_nobody_spoke() -> None:
    said, silent = Heard("停水。", -0.1, 0.1), Heard("停水。", -0.1, 0.7)
    more = Heard("停水三天了。", -0.1, 0.7)

    assert joined((said,), "openai", "zh-CN", HOT) is not None
    assert joined((silent,), "openai", "zh-CN", HOT) is None
    assert joined((more,), "openai", "zh-CN", HOT) is not None


def test_an_engine_that_was_told_nothing_echoes_nothing() -> None:
    assert spoken("停水、市长、市政府。") == "停水、市长、市政府。"


def test_longer_words_are_read_first() -> None:
    hot = HotWords(("停", "停水", "水"))

    assert hot.alone("停水") == [1]
    assert hot.alone("停、水") == [1]
    assert hot.alone("停水了") is None


@pytest.mark.parametrize(
    ("places", "echo"),
    [
        ([], False),
        ([4], False),
        ([4, 5], False),
        ([4, 5, 6], True),
        ([6, 5, 4], False),
        ([1, 4, 5, 9, 10], True),
        ([9, 7, 5, 3, 1], False),
        ([9, 7, 5, 3, 1, 0], True),
        ([4, 4, 4, 4, 4, 4, 4], False),
    ],
)
def test_three_in_order_or_six_at_all_are_an_echo(places: list[int], echo: bool) -> None:
    assert echoed(places) is echo


@given(st.lists(st.text("停水电ab ", min_size=1), max_size=8), st.text("停水电ab 、", max_size=300))
def test_whatever_is_expected_and_heard_can_be_read(words: list[str], heard: str) -> None:
    hot = HotWords(tuple(words))
    places = hot.alone(heard)

    assert places is None or all(0 <= place < len(words) for place in places)


def test_vocabularies_without_words_expect_names() -> None:
    bare = replace(WORDS.languages["en"], topics={}, emergency=())
    found = hot_words(CITY, Vocabulary({"en": bare}), "en", WATER)

    assert found.words[:2] == ("Bureau of Water Resources", "Yunling")
