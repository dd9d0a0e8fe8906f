"""Signs at their usual width, whatever input method was left on; of what is short enough for that
alone."""

import unicodedata
from typing import Final

MOST: Final = 1_000
"""Signs: no name, day or week of hours has more."""


def usual(text: str) -> str:
    """NFKC. A longer text stays as it is: to put accents in order takes the square of their number,
    in one step of which no other thread has its turn: 64 kB of them are three seconds."""
    return unicodedata.normalize("NFKC", text) if len(text) <= MOST else text
