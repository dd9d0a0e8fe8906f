"""What a person may write down of a recording."""

import pytest

from routing.cases.corrections import MOST_BY, MOST_TEXT, Wrong, plain_line, plain_text, wrong_in


@pytest.mark.parametrize(
    ("text", "by", "wrong"),
    [
        ("路灯坏了", "综合科", {}),
        ("x" * MOST_TEXT, "x" * MOST_BY, {}),
        ("", "", {"text": Wrong.EMPTY, "by": Wrong.NAMELESS}),
        ("。。。", "--", {"text": Wrong.EMPTY, "by": Wrong.NAMELESS}),
        ("x" * (MOST_TEXT + 1), "综合科", {"text": Wrong.LONG}),
        ("路灯坏了", "x" * (MOST_BY + 1), {"by": Wrong.LONG_NAME}),
    ],
)
def test_each_field_is_judged_by_itself(text: str, by: str, wrong: dict[str, Wrong]) -> None:
    assert wrong_in(text, by) == wrong


def test_lines_stay_and_signs_that_steer_a_display_go() -> None:
    assert plain_text(" 停\u202e水了\r\n\x00三天 \r没人修\n\n") == "停水了\n三天\n没人修"
    assert plain_line("综合\u2066科\r\nBcc: x") == "综合科 Bcc: x"
