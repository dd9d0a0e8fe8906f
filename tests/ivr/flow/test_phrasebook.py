"""Phrases with their slots, and dates and times as they are spoken."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.instruction import Language
from ivr.flow.phrasebook import (
    Phrase,
    Phrasebook,
    PhraseError,
    spoken_date,
    spoken_due,
    spoken_soon,
    spoken_time,
    written_due,
)
from ivr.flow.world import Plan

TODAY = date(2026, 11, 24)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def book(text: str) -> Phrasebook:
    return Phrasebook({"zh-CN": {"a": Phrase.of(text)}, "en": {"a": Phrase.of(text)}})


def test_a_name_that_begins_a_phrase_begins_with_a_capital() -> None:
    def fill(name: str) -> str:
        return {"office": "the Bureau of Education", "none": ""}[name]

    assert Phrase.of("{office} handles it.").fill(fill) == "The Bureau of Education handles it."
    assert Phrase.of("This is {office}.").fill(fill) == "This is the Bureau of Education."
    assert Phrase.of("{none}").fill(fill) == ""


def test_a_phrase_is_split_once_into_words_and_slots() -> None:
    phrase = Phrase.of("{who}，见{date}。")

    assert phrase.parts == ("", "who", "，见", "date", "。")
    assert phrase.slots == ("who", "date")


def test_slots_are_filled_in_order_and_what_fills_them_is_not_read_again() -> None:
    said = book("{who} on {date}").say("a", "en", {"who": "{date}", "date": "Monday"}.__getitem__)

    assert said == "{date} on Monday"


def test_only_a_phrase_without_slots_is_plain() -> None:
    assert book("Goodbye.").plain("a", "en") == "Goodbye."
    assert book("{who}.").plain("a", "en") is None
    assert book("Goodbye.").plain("b", "en") is None


def test_a_phrase_without_slots_asks_for_nothing() -> None:
    def refuse(name: str) -> str:
        raise AssertionError(name)

    assert book("你好").say("a", "zh-CN", refuse) == "你好"


def test_a_missing_phrase_says_which_and_where_to_add_it() -> None:
    with pytest.raises(PhraseError, match=r"no phrase 'b' in en; add it to ivr/phrases"):
        book("").say("b", "en", str)


@pytest.mark.parametrize(("language", "listed"), [("zh-CN", "1、2、5"), ("en", "1, 2, 5")])
def test_keys_are_listed_in_the_figures_of_every_prompt(language: Language, listed: str) -> None:
    assert book("").keys("125", language) == listed


@pytest.mark.parametrize(
    ("language", "spelled"),
    [
        ("zh-CN", "按[零一二三四五六七八九幺]"),
        ("en", r"press (zero|one|two|three|four|five)\b"),
    ],
)
def test_no_prompt_spells_a_key_that_the_others_write_in_figures(
    demo_plan: Plan, language: Language, spelled: str
) -> None:
    for name, phrase in demo_plan.phrases.texts[language].items():
        assert not re.search(spelled, "".join(phrase.parts)), name


@pytest.mark.parametrize(
    ("day", "weekday", "chinese", "english"),
    [
        (date(2026, 2, 8), False, "2月8日", "8 February"),
        (date(2026, 11, 30), True, "11月30日星期一", "Monday, 30 November"),
        (date(2025, 12, 31), False, "2025年12月31日", "31 December 2025"),  # not this year
        (date(2024, 2, 29), False, "2024年2月29日", "29 February 2024"),  # older than a year
        (date(2027, 1, 3), True, "2027年1月3日星期日", "Sunday, 3 January 2027"),
    ],
)
def test_dates_are_month_and_day_and_the_year_where_it_is_another(
    day: date, weekday: bool, chinese: str, english: str
) -> None:
    assert spoken_date(day, TODAY, "zh-CN", weekday=weekday) == chinese
    assert spoken_date(day, TODAY, "en", weekday=weekday) == english


@pytest.mark.parametrize(
    ("hour", "minute", "chinese", "english"),
    [
        (9, 30, "上午九点半", "half past nine in the morning"),
        (8, 0, "上午八点", "eight in the morning"),
        (12, 0, "中午十二点", "noon"),
        (12, 45, "中午十二点四十五分", "a quarter to one in the afternoon"),
        (14, 5, "下午两点零五分", "five past two in the afternoon"),
        (17, 15, "下午五点十五分", "a quarter past five in the afternoon"),
        (19, 20, "晚上七点二十分", "twenty past seven in the evening"),
        (23, 59, "晚上十一点五十九分", "eleven 59 at night"),
        (0, 0, "凌晨零点", "midnight"),
        (0, 30, "凌晨零点半", "half past twelve at night"),
        (11, 35, "上午十一点三十五分", "twenty-five to twelve in the morning"),
        (10, 3, "上午十点零三分", "ten oh three in the morning"),
        (5, 11, "凌晨五点十一分", "five 11 at night"),
    ],
)
def test_times_are_words(hour: int, minute: int, chinese: str, english: str) -> None:
    assert spoken_time(hour, minute, "zh-CN") == chinese
    assert spoken_time(hour, minute, "en") == english


def test_a_promise_is_told_where_the_offices_are() -> None:
    due = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # already the new year in Shanghai
    now = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)

    assert spoken_due(due, now, SHANGHAI, "zh-CN") == "2027年1月1日星期五上午七点半"
    assert (
        spoken_due(due, now, SHANGHAI, "en")
        == "half past seven in the morning on Friday, 1 January 2027"
    )


@pytest.mark.parametrize(
    ("at", "chinese", "english"),
    [
        ((24, 6, 30), "今天下午两点半", "half past two this afternoon"),
        ((24, 4, 0), "今天中午十二点", "noon today"),
        ((24, 14, 0), "今天晚上十点", "ten at night today"),
        ((25, 0, 30), "明天上午八点半", "half past eight tomorrow morning"),
        ((25, 16, 0), "11月26日星期四凌晨零点", "midnight on Thursday, 26 November"),
    ],
)
def test_a_door_that_opens_soon_is_told_by_the_day_s_name(
    at: tuple[int, int, int], chinese: str, english: str
) -> None:
    """Weekday and date of the very day would make the caller count."""
    opens = datetime(2026, 11, at[0], at[1], at[2], tzinfo=UTC)
    now = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

    assert spoken_soon(opens, now, SHANGHAI, "zh-CN") == chinese
    assert spoken_soon(opens, now, SHANGHAI, "en") == english


def test_a_promise_in_a_text_is_in_figures() -> None:
    due = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
    now = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)

    assert written_due(due, now, SHANGHAI, "zh-CN") == "11月26日（星期四）17:30"
    assert written_due(due, now, SHANGHAI, "en") == "17:30 on Thursday, 26 November"


def test_the_shipped_words_are_at_parity_and_never_call_a_number_fake(demo_plan: Plan) -> None:
    chinese, english = (demo_plan.phrases.texts[language] for language in ("zh-CN", "en"))

    assert chinese.keys() == english.keys()
    for phrase in chinese:
        assert set(chinese[phrase].slots) == set(english[phrase].slots), phrase
        said = "".join((*chinese[phrase].parts, *english[phrase].parts))
        assert "假" not in said, phrase
        assert "fake" not in said, phrase
        assert "已解决" not in said, phrase
