"""What a password must be: long, not one of those that everybody tries, not the name again. No
rule about its signs, which only makes people write `Password1!` (NIST SP 800-63B §3.1.1)."""

import re
from enum import StrEnum
from typing import Final

from routing.widths import usual

LEAST: Final = 12
MOST: Final = 128
"""Characters: more would only keep the hashing busy."""


class Weak(StrEnum):
    """Why a password is refused; the sentences are the pages' own."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    LIKE_THE_NAME = "like_the_name"
    THE_SAME = "the_same"
    NOT_TWICE = "not_twice"


COMMON: Final = (
    "password", "passw0rd", "passwort", "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1q2w3e4r",
    "letmein", "welcome", "iloveyou", "administrator", "admin", "root", "changeme", "default",
    "woaini", "mima", "zhitong", "hotline", "zhengfu", "government", "abc", "test", "guest",
    "monkey", "dragon", "sunshine", "princess", "football", "baseball", "superman", "trustno",
)  # fmt: skip
"""Words that a guesser begins with. One of them with figures or signs around it is as weak."""
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "01234567890123456789",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
)  # fmt: skip
LEAST_DIFFERENT: Final = 5
"""Different signs that a password must have."""
LEAST_LEFT: Final = 6
"""Signs that must be left where the weak word is taken out."""


def as_typed(password: str) -> str:
    """The same whatever keyboard it comes from: NFKC, as full-width digits are typed by an input
    method that was left on."""
    return usual(password)


def weakness(password: str, *about: str) -> Weak | None:
    """Why this password is refused, None where it may be used. `about` are the account's names,
    and the service's own."""
    told = as_typed(password)
    if len(told) < LEAST:
        return Weak.SHORT
    if len(told) > MOST:
        return Weak.LONG
    plain = told.casefold()
    if any(_leaves_little(plain, name.casefold()) for name in about if len(name) >= 3):
        return Weak.LIKE_THE_NAME
    if len(set(plain)) < LEAST_DIFFERENT or _repeats(plain) or _runs(plain):
        return Weak.COMMON
    if any(_leaves_little(plain, word) for word in COMMON):
        return Weak.COMMON
    return None


def _leaves_little(plain: str, word: str) -> bool:
    """Whether what is not the word is figures and signs alone, or too few letters to count."""
    if word not in plain:
        return False
    left = plain.replace(word, "")
    return len(re.sub(r"[\W\d_]", "", left)) < LEAST_LEFT


def _repeats(plain: str) -> bool:
    """The same few signs over and over."""
    most = min(len(plain) // 2, 6)
    return any(plain == (plain[:n] * len(plain))[: len(plain)] for n in range(1, most + 1))


def _runs(plain: str) -> bool:
    """A walk along the alphabet, the digits or the keyboard, either way."""
    rows = [*_ROWS, *(row[::-1] for row in _ROWS)]
    return any(plain[:LEAST] in row * 2 for row in rows)
