"""Opening hours as people write them, in either language, and as they are kept and shown."""

import copy

import pytest

from routing.week import (
    EXAMPLES,
    HoursError,
    Period,
    kept_hours,
    parse_hours,
    read_periods,
    shown_hours,
    week_named,
    week_text,
)
from routing.widths import MOST

KEPT = "Mon-Fri 08:30-12:00 14:30-17:30; Sat 09:00-12:00"


def test_hours_are_read_by_weekday() -> None:
    week = parse_hours(KEPT)

    assert week.days[0] == week.days[4] == (Period(510, 720), Period(870, 1050))
    assert week.days[5:] == ((Period(540, 720),), ())
    assert parse_hours("Mon-Sun 00:00-24:00").always
    assert parse_hours("closed").never


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (KEPT, KEPT),
        (EXAMPLES["zh-CN"], KEPT),
        (EXAMPLES["en"], KEPT),
        ("周一至周五 08:30-12:00 14:30-17:30；周六 09:00-12:00", KEPT),
        ("星期一到五，上午8:30-12:00，下午2:30-5:30；周六9点至12点。", KEPT),
        (
            "周一～周五　０８：３０－１２：００，１４：３０－１７：３０；周六 9:00-12:00",
            KEPT,
        ),
        ("Monday to Friday 8:30-12:00, 14:30-17:30, sat 9:00 - 12:00", KEPT),
        ("周一、三、五 8:30-12:00", "Mon 08:30-12:00; Wed 08:30-12:00; Fri 08:30-12:00"),
        ("周二和周四 14时半—17时", "Tue 14:30-17:00; Thu 14:30-17:00"),
        ("工作日 9:00-17:00；周末 全天", "Mon-Fri 09:00-17:00; Sat-Sun 00:00-24:00"),
        ("每天 晚上8:00-12:00", "Mon-Sun 20:00-24:00"),
        ("周天 9:00-17:00", "Sun 09:00-17:00"),
        ("不办公", "closed"),
        ("Closed", "closed"),
        ("上午8:30-12:00、下午2:30-5:30", "08:30-12:00 14:30-17:30"),
    ],
)
def test_what_people_type_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert kept_hours(typed) == kept
    assert kept_hours(kept) == kept


@pytest.mark.parametrize("text", [KEPT, "closed", "Mon 08:00-09:00; Wed-Sun 00:00-24:00"])
def test_what_is_shown_can_be_typed_again(text: str) -> None:
    week = parse_hours(text)

    assert week_text(week) == text
    for tongue in ("zh-CN", "en"):
        assert parse_hours(week_named(week)[tongue]) == week


def test_days_with_the_same_hours_are_shown_together() -> None:
    week = "Mon 08:30-12:00; Wed 08:30-12:00; Sat-Sun 08:30-12:00"

    assert shown_hours(week, "zh-CN") == "周一、周三、周六、周日08:30-12:00"
    assert shown_hours(week, "en") == "Mon, Wed, Sat-Sun 08:30-12:00"
    assert shown_hours("closed", "zh-CN") == "不办公"
    assert shown_hours("as it was typed", "zh-CN") == "as it was typed"


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("", "没有写是星期几", "begin with a weekday"),
        ("08:30-12:00", "没有写是星期几", "begin with a weekday"),
        ("Mon-Fri", "没有写时间", "without periods"),
        ("周一 8:30-12:00；周二", "“周二”没有写时间", "without periods"),
        ("Mo 09:00-12:00", "无法识别“Mo”", "must look like"),
        ("节假日休息", "无法识别“节假日休息”", "must look like"),
        ("周五至周一 09:00-12:00", "顺序反了", "runs backwards"),
        ("Mon 9-12", "无法识别“9-12”", "must look like"),
        ("周一 12:00-09:00", "结束要晚于开始", "no period"),
        ("Mon 09:60-12:00", "不对", "no period"),
        ("Mon 09:00-24:30", "不对", "no period"),
        ("Mon 09:00-12:00 11:00-13:00", "重叠", "no period"),
        ("周一 09:00-12:00；周一 13:00-14:00", "周一写了两次", "named twice"),
        (f"Mon 08:00{' ' * MOST}-09:00", "时间最长1000个字符", "1000 signs at most"),
    ],
)
def test_hours_that_cannot_be_read_say_why_in_both_languages(text: str, zh: str, en: str) -> None:
    with pytest.raises(HoursError, match=en) as wrong:
        parse_hours(text)

    assert zh in wrong.value.says["zh-CN"]
    assert copy.copy(wrong.value).says == wrong.value.says
    assert kept_hours(text) == text


def test_periods_of_a_day_have_no_weekday() -> None:
    for text in ("Mon 08:30-12:00", ""):
        with pytest.raises(HoursError, match="must look like"):
            read_periods(text)


def test_many_spaces_are_one() -> None:
    gap = " " * 900

    assert kept_hours(f"Mon 08:00{gap}-09:00") == "Mon 08:00-09:00"
