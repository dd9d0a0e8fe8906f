"""Signs of any width, and what is too long to be looked at."""

from routing.widths import MOST, usual

ACCENTS = "\u0301\u0316"
IN_ORDER = "\u0316\u0301"


def test_signs_of_full_width_are_the_plain_ones() -> None:
    assert usual("０８：３０") == "08:30"
    assert usual(f"1{ACCENTS}") == f"1{IN_ORDER}"


def test_accents_without_end_are_not_put_in_order() -> None:
    text = ACCENTS * MOST

    assert usual(text) is text
