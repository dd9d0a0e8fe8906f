"""Keyed or spoken text in, the number that was meant out, as E.164.

Counterpart of `directory`, which alone decides whether a number is genuine;
this module only says what number was meant.
"""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

from routing.numbers.plan import FREEPHONE, MOBILE, area_length, is_short, parse, valid_in_china
from routing.widths import usual_throughout

LONGEST_TEXT = 10_000
"""Characters read at most; longer input is unreadable, not slow."""
LONGEST_NUMBER = 20
"""Digits of the longest thing that shows as a caller: a 106… text sender."""


@dataclass(frozen=True, slots=True)
class Number:
    """A complete number. `short` ones (110, 12345, 95588, 400…) keep their own form in `e164`."""

    e164: str
    short: bool = False


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Fewer digits than any complete number: keep `digits`, ask for the rest, read the join."""

    digits: str


@dataclass(frozen=True, slots=True)
class MissingArea:
    """A landline of 7 or 8 digits without its area code."""

    subscriber: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Not a telephone number."""


Reading = Number | Incomplete | MissingArea | Unreadable

_NUMERALS = {
    numeral: str(digit)
    for digit, numerals in enumerate(
        (
            "〇零洞",
            "一幺腰妖夭壹",
            "二贰两",
            "三叁",
            "四肆",
            "五伍",
            "六陆",
            "七柒拐",
            "八捌",
            "九玖",
        )
    )
    for numeral in numerals
}
ENGLISH_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ENGLISH = {word: digit for digit, word in enumerate(ENGLISH_DIGITS)} | {
    "oh": 0,
    "o": 0,
    "nought": 0,
}
_TIMES = {"double": 2, "triple": 3}
# Words with a numeral in them that people say around a number.
_NOT_DIGITS = re.compile("一下|一个|一遍|一条|有一|两个|二维码")
# Recognisers write 幺 as 要; beside a digit, and not after 我 and its like, it is one.
_YAO = re.compile("(?<![我想需只不])要(?=[0-9])|(?<=[0-9])要")
_WORD = re.compile("[a-z]+")
_PLUS = re.compile(r"[^0-9]{0,40}?(\+|加|\bplus\b)[^0-9]{0,4}(?=[0-9])")
_E164 = re.compile(r"\+(?!860)[1-9][0-9]{6,14}")
_DIALLED = re.compile(r"\+?[0-9 ()./-]+")


def read_number(text: str, *, area: str, region: str = "CN") -> Reading:
    """What number the caller keyed or said (prompts §1, hotline §2.3).

    `area` is the area code of the number that was dialled, with or without its 0.
    Reads full-width digits, Chinese numerals, 幺, English digits with "double", +86/0086/86.
    """
    plain = usual_throughout(text[: LONGEST_TEXT + 1])
    if len(plain) > LONGEST_TEXT:
        return Unreadable()
    digits = _digits(plain)
    if not digits.strip("+") or len(digits) > LONGEST_NUMBER:
        return Unreadable()
    if region != "CN":
        return _abroad(digits, region)
    found = _mainland(digits, area.lstrip("0"))
    return Incomplete(digits) if isinstance(found, Incomplete) else found


_WITHHELD = frozenset(
    {"anonymous", "restricted", "unavailable", "private", "blocked", "unknown", "withheld"}
    # The same words spelled on a keypad, as some carriers send them; the last looks like +86.
    | {"266696687", "7378742833", "2562533", "8656696", "86282452253"}
)


def withheld(raw: str) -> bool:
    """Whether the carrier's From hides the caller (twilio-voice §1)."""
    name = raw.strip().casefold().removeprefix("sip:").partition("@")[0].removeprefix("+")
    return not name or name in _WITHHELD or "anonymous" in name or "unknown" in name


def caller_form(raw: str, area: str) -> str:
    """The carrier's From or To as E.164 where it is a number, else unchanged (twilio-voice §11)."""
    if _E164.fullmatch(raw) or withheld(raw) or not _DIALLED.fullmatch(raw):
        return raw
    match read_number(raw, area=area):
        case Number(e164=e164):
            return e164
        case MissingArea(subscriber=subscriber):
            return f"+86{area.lstrip('0')}{subscriber}"
    return raw


def _digits(text: str) -> str:
    """The digits of keyed or spoken text in its compatible form (NFKC), a leading + kept."""
    if text.isascii() and text.isdigit():
        return text  # keyed
    plain = _NOT_DIGITS.sub(" ", text.casefold())
    plain = _WORD.sub(_english, plain)
    plain = "".join(_sign(sign) for sign in plain)
    plain = re.sub(r"(?<=[0-9]) (?=要|[0-9])|(?<=要) (?=[0-9])", "", plain)
    plain = _YAO.sub("1", plain)
    plus = "+" if _PLUS.match(plain) else ""
    times, kept = 1, []
    for sign in plain:
        if sign in _TIMES_SIGNS:
            times = _TIMES_SIGNS[sign]
        elif "0" <= sign <= "9":
            kept.append(sign * times)
            times = 1
    return plus + "".join(kept)


# "double two" passes through the one-character pipeline as a private sign and the digit.
_TIMES_SIGNS = {"\ue002": 2, "\ue003": 3}


def _english(match: re.Match[str]) -> str:
    word = match[0]
    if word in _ENGLISH:
        return str(_ENGLISH[word])
    if word in _TIMES:
        return chr(0xE000 + _TIMES[word])
    return "+" if word == "plus" else " "


def _sign(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return str(value) if value is not None else _NUMERALS.get(sign, sign)


def _mainland(digits: str, area: str) -> Reading:
    if digits.startswith("+"):
        return _from_86(digits[3:], area) if digits.startswith("+86") else _abroad(digits, "CN")
    if digits.startswith("000"):
        # No trunk or foreign prefix begins so: a subscriber of a range that is never assigned.
        return MissingArea(digits) if len(digits) in (7, 8) else _too_few(digits, 7)
    if digits.startswith("00"):
        return (
            _from_86(digits[4:], area) if digits[2:4] == "86" else _abroad("+" + digits[2:], "CN")
        )
    if digits.startswith("0"):
        return _after_trunk(digits[1:])
    if digits.startswith("86") and len(digits) > 8:
        return _from_86(digits[2:], area) if len(digits) >= 12 else Incomplete(digits)
    return _bare(digits, area)


def _from_86(national: str, area: str) -> Reading:
    if national.startswith("0"):
        return _after_trunk(national[1:])
    if is_short(national) or national[:1] in ("", "1") or national[:3] in ("400", "800"):
        return _bare(national, area)
    return _after_trunk(national)


def _after_trunk(rest: str) -> Reading:
    """Area code and subscriber, or a mobile behind an old long-distance 0."""
    if re.match("1[3-9]", rest):
        return _bare(rest, "")
    code = area_length(rest)
    subscriber = rest[code:]
    if is_short(subscriber):
        return Number("+86" + rest)
    if len(subscriber) == 7 and code == 3:
        # Eight digits are needed in some areas: only there does the library refuse seven.
        whole = valid_in_china(rest) or not valid_in_china(rest + "0")
        return Number("+86" + rest) if whole else Incomplete(rest)
    return Number("+86" + rest) if len(subscriber) == 8 else _too_few(subscriber, 8)


def _bare(digits: str, area: str) -> Reading:
    """Digits without any prefix: short number, mobile, freephone or landline."""
    if len(digits) in (10, 11) and _own_area(digits, area):
        # Before the short ones: in the city of area code 10 a landline may look like 106….
        return Number("+86" + digits)
    if is_short(digits) or FREEPHONE.fullmatch(digits):
        return Number(digits, short=True)
    if MOBILE.fullmatch(digits):
        return Number("+86" + digits)
    if len(digits) in (10, 11) and valid_in_china(digits):
        return Number("+86" + digits)
    if len(digits) in (7, 8) and digits[0] not in "19" and digits[:3] not in ("400", "800"):
        return MissingArea(digits)
    return _too_few(digits, _needed(digits, area))


def _needed(digits: str, area: str) -> int:
    """How many digits a number that begins so has at least."""
    if re.match("1[3-9]", digits):
        return 11
    if digits[:3] in ("400", "800") or (area and digits.startswith(area) and len(digits) == 9):
        return 10
    return 5 if digits[:1] in ("1", "9") else 7


def _own_area(digits: str, area: str) -> bool:
    sizes = (8,) if len(area) == 2 else (7, 8)
    return bool(area) and digits.startswith(area) and len(digits) - len(area) in sizes


def _too_few(digits: str, needed: int) -> Reading:
    return Incomplete(digits) if len(digits) < needed else Unreadable()


def _abroad(digits: str, region: str) -> Reading:
    parsed = parse(digits, region)
    if parsed is None:
        return _too_few(digits.strip("+"), 5)
    match phonenumbers.is_possible_number_with_reason(parsed):
        case ValidationResult.IS_POSSIBLE:
            return Number(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))
        case ValidationResult.TOO_SHORT | ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return Incomplete(digits)
    return Unreadable()
