"""Signs at their usual width, whatever input method was left on, at a cost that has a bound: nobody
else normalises a text (`banned-api`)."""

import re
import unicodedata
from typing import Final

MOST: Final = 1_000
"""Signs: no name, day or week of hours has more."""
_FURTHER: Final = re.compile(r"(?<=[^\w\s]{30})[^\w\s]+")
"""Signs that are neither letters nor figures, behind thirty such: more accents than that are on no
letter of any language (UAX #15 §13)."""


def usual(text: str) -> str:
    """NFKC. A longer text stays as it is: to put accents in order takes the square of their number,
    in one step of which no other thread has its turn: 64 kB of them are three seconds."""
    return unicodedata.normalize("NFKC", text) if len(text) <= MOST else text  # noqa: TID251 - bounded


def usual_throughout(text: str) -> str:
    """NFKC of a text of any length, whose accents without end are left out: what is looked for in
    it are words."""
    return unicodedata.normalize("NFKC", _FURTHER.sub("", text))  # noqa: TID251 - of short runs alone
