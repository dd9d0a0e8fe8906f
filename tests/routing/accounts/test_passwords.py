"""Which passwords are refused, and why."""

import pytest

from routing.accounts.passwords import Weak, weakness


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", Weak.SHORT),
        ("十一个字不够长的密码啊", Weak.SHORT),
        ("x" * 129, Weak.LONG),
        ("aaaaaaaaaaaaaa", Weak.COMMON),
        ("abcabcabcabcabc", Weak.COMMON),
        ("123456789012", Weak.COMMON),
        ("qwertyuiopas", Weak.COMMON),
        ("mlkjihgfedcba", Weak.COMMON),
        ("Password2026!", Weak.COMMON),
        ("P@password123", Weak.COMMON),
        ("zhitong12345!", Weak.COMMON),
        ("wang.qiang2026", Weak.LIKE_THE_NAME),
        ("WANG.QIANG!!!!", Weak.LIKE_THE_NAME),
    ],
)
def test_a_weak_one_is_refused_with_its_reason(password: str, why: Weak) -> None:
    assert weakness(password, "wang.qiang") is why


@pytest.mark.parametrize(
    "password",
    [
        "seven lanterns on the pier",
        "correct horse battery staple",
        "江边的七盏灯笼昨夜都亮着呢",
        "tR4-bicycle-orchid",
        "my password is a long sentence",
    ],
)
def test_a_long_one_of_unrelated_words_is_taken(password: str) -> None:
    assert weakness(password, "wang.qiang") is None


def test_full_width_figures_are_the_plain_ones() -> None:
    assert weakness("１２３４５６７８９０１２") is Weak.COMMON
