"""What number was meant, and how it is read aloud, written and masked."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing.numbers import (
    LONGEST_NUMBER,
    Incomplete,
    MissingArea,
    Number,
    Reading,
    Unreadable,
    caller_form,
    mask_all,
    masked,
    mobile,
    read_number,
    spoken_digits,
    spoken_groups,
    valid_in_china,
    withheld,
    written,
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


def test_only_mobiles_get_texts() -> None:
    assert mobile("+8613912345678")
    assert not mobile("+865580000021")
    assert not mobile("12345")
    assert not mobile("client:office")
    assert mobile("+447911123456")
    assert not mobile("+442083661177")


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


@given(
    st.sampled_from(
        ["", "10", "20", "558", "571", "431", "754", "0558", "1", "13", "179", "400"]
    ).flatmap(
        lambda code: st.from_regex(r"[0-9]{3,11}", fullmatch=True).map(lambda rest: code + rest)
    )
)
@example("179551605555")
@example("0105551234")
def test_the_librarys_patterns_alone_say_what_the_library_says(national: str) -> None:
    try:
        whole = phonenumbers.is_valid_number(phonenumbers.parse("+86" + national, None))
    except phonenumbers.NumberParseException:
        whole = False

    assert valid_in_china(national) is whole
