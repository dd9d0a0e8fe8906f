"""How a number is read aloud, written and masked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.numbers.forms import mask_all, masked, spoken_digits, spoken_groups, written
from routing.numbers.reading import (
    Number,
    read_number,
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_read_aloud_is_read_back_the_same(number: str) -> None:
    for language in ("zh-CN", "en"):
        said = spoken_digits(f"+86{number}", language)

        assert read_number(said, area="558") == Number(f"+86{number}")


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (
            "+8613800001234",
            "幺三八，零零零零，幺二三四",
            "one three eight, zero zero zero zero, one two three four",
        ),
        (
            "+865580000021",
            "零五五八，零零零，零零二幺",
            "zero five five eight, zero zero zero, zero zero two one",
        ),
        (
            "+861062345678",
            "零幺零，六二三四，五六七八",
            "zero one zero, six two three four, five six seven eight",
        ),
        ("12345", "幺二三四五", "one two three four five"),
        (
            "4008123123",
            "四零零，八幺二，三幺二三",
            "four zero zero, eight one two, three one two three",
        ),
        ("+8655896110", "零五五八，九六幺幺零", "zero five five eight, nine six one one zero"),
        (
            "+12025550123",
            "加幺，二零二五，五五零幺，二三",
            "plus one, two zero two five, five five zero one, two three",
        ),
        ("+99912", "加九九九幺，二", "plus nine nine nine one, two"),
        ("110", "幺幺零", "one one zero"),
    ],
)
def test_numbers_are_read_in_groups(number: str, zh: str, en: str) -> None:
    assert spoken_digits(number, "zh-CN") == zh
    assert spoken_digits(number, "en") == en


def test_case_number_and_pin_are_read_four_at_a_time() -> None:
    assert spoken_groups("46270395", (4, 4), "zh-CN") == "四六二七，零三九五"
    assert spoken_groups("1825", (4,), "en") == "one eight two five"
    with pytest.raises(ValueError, match="add up"):
        spoken_groups("123", (4,), "en")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613912345678", "139 1234 5678"),
        ("+865580000021", "0558-0000021"),
        ("12345", "12345"),
        ("+8655896110", "0558-96110"),
        ("+442083661177", "+442083661177"),
    ],
)
def test_numbers_are_written_as_people_write_them(number: str, shown: str) -> None:
    assert written(number) == shown


def test_a_masked_number_shows_two_digits() -> None:
    assert masked("+8613912345678") == "…78"
    assert masked("12") == "…12"


def test_every_number_in_a_log_line_is_masked() -> None:
    line = "call +8613912345678 to 0558-0000021, 139 1234 5678 rang 12345 for 20 s"

    assert mask_all(line) == "call …78 to …21, …78 rang 12345 for 20 s"
    assert mask_all("请拨＋８６１３９１２３４５６７８或139－1234－5670") == "请拨…７８或…70"
