"""How far written words are from spoken ones: edits by characters."""

import re
from collections.abc import Sequence

_NO_LETTER = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """What is compared: neither case nor punctuation nor spaces."""
    return _NO_LETTER.sub("", text.lower())


def edits(meant: Sequence[str], heard: Sequence[str]) -> int:
    """The least number of signs to change, add or drop (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for at, sign in enumerate(meant, start=1):
        diagonal, row[0] = row[0], at
        for place, other in enumerate(heard, start=1):
            change = diagonal + (sign != other)
            diagonal = row[place]
            row[place] = min(change, row[place] + 1, row[place - 1] + 1)
    return row[-1]


def error_rate(meant: str, heard: str) -> float:
    """Edits for each character that was meant."""
    wanted = letters(meant)
    return edits(wanted, letters(heard)) / len(wanted)
