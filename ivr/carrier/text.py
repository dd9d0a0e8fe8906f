"""Text that XML can carry and a database can store. The counterpart of what strangers send:
speech, field values and officials' answers pass here before they are spoken or kept."""

import re
from typing import Final

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


def id_of(told: object) -> str | None:
    """A carrier's id of an account, a call or a text; None for what can be none. Some engine may
    count its own."""
    return _fitting(_ID, told)


def recording_id_of(told: object) -> str | None:
    """The same, of a recording."""
    return _fitting(_RECORDING, told)


def _fitting(shape: re.Pattern[str], told: object) -> str | None:
    text = str(told) if isinstance(told, str | int) and told is not True else ""
    return text if shape.fullmatch(text) else None


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
