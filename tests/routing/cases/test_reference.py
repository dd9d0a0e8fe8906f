"""Case numbers whose slips are caught, and PINs of which only a digest is kept."""

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cases.reference import draw_pin, draw_reference, pin_digest, spaced, valid

integers = st.integers(0, 2**128)


@settings(max_examples=300, derandomize=True)
@given(integers)
def test_a_drawn_number_has_eight_digits_and_fits(number: int) -> None:
    reference = draw_reference(number)

    assert len(reference) == 8
    assert valid(reference)


@settings(max_examples=200, derandomize=True)
@given(integers, st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_never_fits(number: int, place: int, step: int) -> None:
    reference = draw_reference(number)
    wrong = str((int(reference[place]) + step) % 10)

    assert not valid(reference[:place] + wrong + reference[place + 1 :])


@settings(max_examples=200, derandomize=True)
@given(integers, st.integers(0, 6))
def test_two_neighbours_swapped_never_fit(number: int, place: int) -> None:
    reference = draw_reference(number)
    first, second = reference[place], reference[place + 1]
    swapped = reference[:place] + second + first + reference[place + 2 :]

    assert valid(swapped) is (first == second)


def test_what_is_no_number_never_fits() -> None:
    for text in ("", "1234567", "123456789", "1234567x", "１２３４５６７８"):
        assert not valid(text)


def test_a_pin_has_four_digits() -> None:
    assert draw_pin(7) == "0007"
    assert draw_pin(1_234_567) == "4567"


def test_a_digest_is_of_this_key_case_and_pin() -> None:
    digest = pin_digest(b"key", "46270395", "1825")

    assert digest == pin_digest(b"key", "46270395", "1825")
    assert (
        len(
            {
                digest,
                pin_digest(b"other", "46270395", "1825"),
                pin_digest(b"key", "46270396", "1825"),
                pin_digest(b"key", "46270395", "1826"),
            }
        )
        == 4
    )
    assert "1825" not in digest


def test_people_read_it_in_two_groups_of_four() -> None:
    assert spaced("46270395") == "4627 0395"
