"""A number as it is spoken, written and masked. Counterpart of `reading`, which takes them in."""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from routing.numbers.plan import FREEPHONE, MOBILE, area_length, mobile, parse
from routing.numbers.reading import ENGLISH_DIGITS, Number


def masked(e164: str) -> str:
    """The only form of a number for logs and pages: its last two digits, as `…34`."""
    return "…" + "".join(sign for sign in e164 if sign.isdecimal())[-2:]


RUN: Final = r"[+＋]?\d(?:[ \-－　]?\d){6,}"
"""Seven digits or more, of any script and width: perhaps a telephone number."""
_RUN: Final = re.compile(RUN)


def mask_all(text: str) -> str:
    """A text with every run of seven digits or more masked: what a log may hold."""
    return _RUN.sub(lambda run: masked(run[0]), text)


def written(e164: str) -> str:
    """As it is written for people of the same country: 139 1234 5678, 0558-0000021, 12345."""
    if not e164.startswith("+86"):
        return e164
    groups = _groups(e164, e164[1:])
    return " ".join(groups) if mobile(e164) else groups[0] + "-" + "".join(groups[1:])


_SAID = {
    "zh": str.maketrans(dict(zip("0123456789", "零幺二三四五六七八九", strict=True))),
    "en": str.maketrans(
        {digit: f"{word} " for digit, word in zip("0123456789", ENGLISH_DIGITS, strict=True)}
    ),
}
_NOT_DIGIT = re.compile("[^0-9]+")


def spoken_digits(number: Number | str, language: str) -> str:
    """Digit by digit, pauses between the groups of prompts §1: `幺三八，零零零零，幺二三四`."""
    e164 = number.e164 if isinstance(number, Number) else number
    digits = _NOT_DIGIT.sub("", e164)
    abroad = e164.startswith("+") and not e164.startswith("+86")
    plus = {"zh": "加", "en": "plus "}[_tongue(language)] if abroad else ""
    groups = _abroad_groups(digits) if abroad else _groups(e164, digits)
    return plus + _joined(groups, language)


def spoken_groups(digits: str, sizes: Sequence[int], language: str) -> str:
    """Case numbers (4, 4), PINs (4) and codes, read like phone numbers.

    `sizes` must add up to the number of digits (ValueError).
    """
    if sum(sizes) != len(digits):
        raise ValueError(f"groups of {tuple(sizes)} do not add up to {len(digits)} digits")
    return _joined(_cut(digits, sizes), language)


def _tongue(language: str) -> str:
    return "zh" if language.startswith("zh") else "en"


def _joined(groups: Sequence[str], language: str) -> str:
    if _tongue(language) == "zh":
        return "，".join(groups).translate(_SAID["zh"])
    return ", ".join([group.translate(_SAID["en"]).rstrip() for group in groups])


def _cut(digits: str, sizes: Sequence[int]) -> list[str]:
    ends = [*accumulate(sizes)]
    return [digits[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _groups(e164: str, digits: str) -> list[str]:
    if not e164.startswith("+86"):
        return _cut(digits, (3, 3, 4)) if FREEPHONE.fullmatch(digits) else [digits]
    national = digits[2:]
    if MOBILE.fullmatch(national):
        return _cut(national, (3, 4, 4))
    code = area_length(national)
    subscriber = national[code:]
    sizes = {7: (3, 4), 8: (4, 4)}.get(len(subscriber), (len(subscriber),))
    return ["0" + national[:code], *_cut(subscriber, sizes)]


def _abroad_groups(digits: str) -> list[str]:
    parsed = parse("+" + digits, None)
    code = len(str(parsed.country_code)) if parsed else 0
    rest = [digits[at : at + 4] for at in range(code, len(digits), 4)]
    return [digits[:code], *rest] if code else rest
