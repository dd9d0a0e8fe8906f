"""Text that XML can carry and a database can store. The counterpart of what strangers send:
speech, field values and officials' answers pass here before they are spoken or kept."""

import re
from typing import Final

# Everything outside XML 1.0's Char production, and the C1 controls it merely discourages.
# A NUL is refused by PostgreSQL, a lone surrogate by UTF-8, and Twilio answers 12100 to both.
_UNCARRIED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_ODD: Final = re.compile('[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff&<>"]')
_BREAKS: Final = str.maketrans("\t\n\r", "   ")


def clean(text: str) -> str:
    """The text without control characters and lone surrogates; tabs and line ends are spaces."""
    return _UNCARRIED.sub("", text.translate(_BREAKS))


def escape(text: str) -> str:
    """The cleaned text, fit for element content and double-quoted attributes."""
    if _ODD.search(text) is None:
        return text
    plain = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace('"', "&quot;")
