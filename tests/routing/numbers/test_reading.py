"""What number was meant, keyed, spoken or shown by a carrier."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.numbers.reading import (
    LONGEST_NUMBER,
    Incomplete,
    MissingArea,
    Number,
    Reading,
    Unreadable,
    caller_form,
    read_number,
    withheld,
)


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("05580000021", "+865580000021"),
        ("0558 000 0021", "+865580000021"),
        ("0558-0000021", "+865580000021"),
        ("+86 558 0000021", "+865580000021"),
        ("0086 558 0000021", "+865580000021"),
        ("865580000021", "+865580000021"),
        ("5580000021", "+865580000021"),
        ("０５５８００００００２１"[:11], "+865580000002"),
        ("13912345678", "+8613912345678"),
        ("+8613912345678", "+8613912345678"),
        ("013912345678", "+8613912345678"),
        ("零五五八 零零零 零零二幺", "+865580000021"),
        ("幺三九幺二三四五六七八", "+8613912345678"),
        ("一三九，一二三四，五六七八", "+8613912345678"),
        ("我想查一下幺三九幺二三四五六七八", "+8613912345678"),
        ("one three nine, one two three four, five six seven eight", "+8613912345678"),
        ("oh five five eight, double zero zero, double zero two one", "+865580000021"),
        ("01062345678", "+861062345678"),
        ("+442083661177", "+442083661177"),
        ("0044 20 8366 1177", "+442083661177"),
        ("+86 0558 0000021", "+865580000021"),
        ("+86 139 1234 5678", "+8613912345678"),
        ("加八六 五五八 零零零 零零二幺", "+865580000021"),
        ("plus eight six, five five eight, triple zero, double zero two one", "+865580000021"),
        ("要三九一二三四五六七八", "+8613912345678"),
        ("075582345678", "+8675582345678"),
    ],
)
def test_a_number_is_read_as_keyed_or_spoken(text: str, e164: str) -> None:
    assert read_number(text, area="558") == Number(e164)


@pytest.mark.parametrize("text", ["110", "119", "12345", "96110", "95588", "4008123123", "幺幺零"])
def test_short_numbers_keep_their_own_form(text: str) -> None:
    read = read_number(text, area="558")

    assert isinstance(read, Number)
    assert read.short
    assert read.e164.isdigit()


@pytest.mark.parametrize("text", ["123", "160", "168", "一二三", "111"])
def test_three_digits_that_ring_nobody_are_the_beginning_of_a_number(text: str) -> None:
    assert isinstance(read_number(text, area="558"), Incomplete)


def test_what_was_kept_of_a_short_number_is_joined_to_its_rest() -> None:
    kept = read_number("123", area="558")

    assert isinstance(kept, Incomplete)
    assert read_number(f"{kept.digits}45", area="558") == Number("12345", short=True)


@pytest.mark.parametrize(
    "text",
    [
        "0558000",
        "0558",
        "1391234567",
        "05",
        "139",
        "00",
        "0000",
        "86558000000",
        "400812",
        "9511",
        "558000000",
        "07558234567",  # seven digits are too few where eight are needed
        "+44208",
        "+8613912345",
    ],
)
def test_an_incomplete_number_is_kept(text: str) -> None:
    assert read_number(text, area="558") == Incomplete(text)


@pytest.mark.parametrize("text", ["6234567", "62345678", "0000021"])
def test_a_landline_without_its_area_code_is_told(text: str) -> None:
    assert read_number(text, area="558") == MissingArea(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "+",
        "你好",
        "😀😀",
        "99999999999999",
        "000000021",
        "139123456789",
        "05580000021123",
        "+4420836611771234567",
        "+999123456",
        "1" * 40,
        "9" * 10_000,
        "x" * 20_000,
        "\x00",
    ],
)
def test_what_is_no_number_is_unreadable(text: str) -> None:
    assert read_number(text, area="558") == Unreadable()


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(max_size=80))
def test_anything_typed_is_one_of_four_readings(text: str) -> None:
    read = read_number(text, area="558")

    assert isinstance(read, Number | Incomplete | MissingArea | Unreadable)


noise = st.text(
    st.sampled_from("0123456789０９零幺一九要加+-#* \x00\u202e😀ﷺ½①bdeoulnx"), max_size=60
)


@settings(max_examples=500, derandomize=True, deadline=None)
@given(noise)
def test_noise_around_digits_never_yields_what_cannot_be_dialled(text: str) -> None:
    match read_number(text, area="558"):
        case Number(e164=e164, short=short):
            assert e164.removeprefix("+").isdecimal()
            assert e164.isascii()
            assert e164.startswith("+") is not short
        case Incomplete(digits=kept) | MissingArea(subscriber=kept):
            assert kept.removeprefix("+").isdecimal()
            assert len(kept) <= LONGEST_NUMBER


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.from_regex(r"\+?[0-9]{1,13}", fullmatch=True))
def test_what_was_kept_and_the_rest_read_as_the_whole(text: str) -> None:
    """`check.go_on` joins what was keyed with what follows (prompts §3)."""
    whole = read_number(text, area="558")
    for cut in range(1, len(text)):
        first = read_number(text[:cut], area="558")
        if isinstance(first, Incomplete):
            assert read_number(first.digits + text[cut:], area="558") == whole


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("07911 123456", Number("+447911123456")),
        ("+86 558 0000021", Number("+865580000021")),
        ("020", Incomplete("020")),
        ("12", Incomplete("12")),
        ("0" * 19, Unreadable()),
    ],
)
def test_another_region_is_read_by_its_own_rules(text: str, reading: Reading) -> None:
    assert read_number(text, area="", region="GB") == reading


def test_ten_digits_of_a_city_with_a_two_digit_code_need_no_zero() -> None:
    assert read_number("1062345678", area="010") == Number("+861062345678")
    assert read_number("62345678", area="010") == MissingArea("62345678")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "anonymous",
        "Anonymous",
        "Restricted",
        "unavailable",
        "sip:anonymous@anonymous.invalid",
        "+266696687",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
    ],
)
def test_hidden_callers_are_known_in_every_spelling(raw: str) -> None:
    assert withheld(raw)


@pytest.mark.parametrize("raw", ["+8613912345678", "13912345678", "client:office"])
def test_a_caller_who_shows_a_number_is_not_hidden(raw: str) -> None:
    assert not withheld(raw)


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("+8613912345678", "+8613912345678"),
        ("13912345678", "+8613912345678"),
        ("05580000021", "+865580000021"),
        ("6234567", "+865586234567"),
        ("12345", "12345"),
        ("139123", "139123"),
        ("client:office", "client:office"),
        ("anonymous", "anonymous"),
    ],
)
def test_a_carriers_number_takes_one_form(raw: str, form: str) -> None:
    assert caller_form(raw, "558") == form
