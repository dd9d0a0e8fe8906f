"""Text that XML can carry and a database can store. The counterpart of what strangers send:
speech, field values and officials' answers pass here before they are spoken or kept."""

import re
from typing import Final, TypeGuard

# Everything outside XML 1.0's Char production, and the C1 controls it merely discourages.
# A NUL is refused by PostgreSQL, a lone surrogate by UTF-8, and Twilio answers 12100 to both.
_UNCARRIED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_ODD: Final = re.compile('[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff&<>"]')
_BREAKS: Final = str.maketrans("\t\n\r", "   ")
_ID: Final = re.compile(r"[!-~]{1,64}")  # opaque: other engines use other shapes (§12)
_RECORDING: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # also names a file
_MAX_PARTY, _MAX_SECONDS, _MAX_NUMERALS = 64, 86_400, 9


def clean(text: str) -> str:
    """The text without control characters and lone surrogates; tabs and line ends are spaces."""
    return _UNCARRIED.sub("", text.translate(_BREAKS))


def escape(text: str) -> str:
    """The cleaned text, fit for element content and double-quoted attributes."""
    if _ODD.search(text) is None:
        return text
    plain = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace('"', "&quot;")


def is_id(told: object) -> TypeGuard[str]:
    """Whether it can be a carrier's id of an account, a call or a text."""
    return isinstance(told, str) and _ID.fullmatch(told) is not None


def is_recording_id(told: object) -> TypeGuard[str]:
    """Whether it can be a carrier's id of a recording."""
    return isinstance(told, str) and _RECORDING.fullmatch(told) is not None


def party(told: object) -> str:
    """Who rings or is rung, or an id that is only shown, as the carrier names it; "" where it does
    not."""
    return clean(str(told or ""))[:_MAX_PARTY]


def whole_seconds(told: object) -> int | None:
    """Whole seconds, in digits or as a number; None where it is neither. Bounded by a day."""
    text = str(told)
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_NUMERALS):
        return None
    return min(int(text), _MAX_SECONDS)
