"""The numbering plan of China, and what the library knows of the world's: which digits make a
number of which kind. Counterpart of `reading` and `forms`, which both ask it."""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType, shortnumberinfo

MOBILE = re.compile(r"1[3-9][0-9]{9}")
_SHORT = re.compile(r"95[0-9]{3,6}|96[0-9]{3,4}|106[0-9]{5,17}")
# The library also counts 123, 160 and 168: services that are gone, while 123 begins many a number
# that is dialled today (12345, 12306).
_THREE = frozenset({"100", "110", "112", "114", "119", "120", "122"})
FREEPHONE = re.compile(r"[48]00[0-9]{7}")


def mobile(e164: str) -> bool:
    """Whether a text message can reach this number."""
    if e164.startswith("+86"):
        return MOBILE.fullmatch(e164, 3) is not None
    parsed = parse(e164, None)
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return parsed is not None and phonenumbers.number_type(parsed) in kinds


def area_length(national: str) -> int:
    return 2 if national.startswith(("10", "2")) else 3


def is_short(digits: str) -> bool:
    if _SHORT.fullmatch(digits):
        return True
    if not 3 <= len(digits) <= 6 or digits[0] not in "19":
        return False
    if len(digits) == 3:
        return digits in _THREE
    parsed = parse(digits, "CN")
    return parsed is not None and shortnumberinfo.is_valid_short_number_for_region(parsed, "CN")


def valid_in_china(national: str) -> bool:
    """Whether the library knows such a number in China. It takes 20 µs to parse one, its own
    patterns take none; a leading 0 or 1 may be a prefix, which only parsing strips."""
    if national[:1] not in ("0", "1"):
        return _national().fullmatch(national) is not None
    parsed = parse("+86" + national, None)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost")
"""The library's names of the kinds of number that China has."""


@cache
def _national() -> re.Pattern[str]:
    """The library's patterns of all kinds: a number that fits one of them is valid."""
    china = PhoneMetadata.metadata_for_region("CN")
    patterns = [getattr(china, kind).national_number_pattern for kind in KINDS]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def parse(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
