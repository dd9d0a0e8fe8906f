"""Signs of any width, and what is too long to be looked at."""

from routing.widths import MOST, usual, usual_throughout

ACCENTS = "\u0301\u0316"
IN_ORDER = "\u0316\u0301"


def test_signs_of_full_width_are_the_plain_ones() -> None:
    assert usual("０８：３０") == "08:30"
    assert usual(f"1{ACCENTS}") == f"1{IN_ORDER}"


def test_accents_without_end_are_not_put_in_order() -> None:
    text = ACCENTS * MOST

    assert usual(text) is text


def test_of_a_long_text_all_is_read_but_accents_without_end() -> None:
    text = f"１{ACCENTS}" + "停水" * MOST + ACCENTS * MOST + "Ａ"

    assert usual_throughout(text) == f"1{IN_ORDER}" + "停水" * MOST + IN_ORDER[0] * 15 + (
        IN_ORDER[1] * 15 + "A"
    )


def test_what_people_write_is_whole() -> None:
    for text in ("Việt Nam — “đường”…", "هَذَا نَصٌّ", "!?" * 15, "が゛ﾊﾟ"):
        assert usual_throughout(text) == usual(text)
