"""Repetition without end, as engines of the Whisper kind make it of noise and music up to their
bound: `国国国…`, a hundred times. It is nothing that anybody said. Used by `spoken`."""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final, TypeVar

TIMES: Final = 12
LEAST: Final = 60
"""Times in a row, and letters of them in all: callers in need cry 救命 or 快 many times, not thirty
seconds long in the very same words."""
LONGEST: Final = 20
"""Letters of what is repeated; longer sentences are told by how the whole packs."""
STRIDE: Final = 20
"""Letters; no more than LEAST, or TIMES of what is repeated, less that twice."""
PACKS: Final = 8.0
"""Times that a whole text packs; speech does two or three times. Whisper's own bound, 2.4, is
passed by a few equal sentences in a row, which a caller may well say."""
LEAST_WHOLE: Final = 200
"""Letters of such a text: a short one packs by chance."""
One = TypeVar("One")
_NO_LETTER: Final = re.compile(r"[\W_]+")


def loops(text: str) -> bool:
    """Whether something in it is repeated without end, or all of it is."""
    said = _letters(text)
    if len(said) < LEAST:
        return False
    return packs(said) or any(_repeats(said, period) for period in range(1, LONGEST + 1))


def packs(text: str) -> bool:
    """Whether a whole text says the same for most of its length."""
    said = _letters(text)
    whole = said.encode()
    return len(said) >= LEAST_WHOLE and len(whole) > PACKS * len(zlib.compress(whole))


def without_loops(parts: Iterable[One], text: Callable[[One], str]) -> Iterator[One]:
    """Without those whose text loops, and without those that are said again and again."""
    for said, group in groupby(parts, key=lambda one: _letters(text(one))):
        members = list(group)
        if not loops(said * len(members)):
            yield from members


def _repeats(said: str, period: int) -> bool:
    """Whether enough of it is the same as what stands `period` letters before. A stretch that is
    long enough holds the same twice at some STRIDE: no other place is looked at."""
    least = max(LEAST, TIMES * period)
    for at in range(0, len(said) - 2 * period + 1, STRIDE):
        same = said[at : at + period] == said[at + period : at + 2 * period]
        if same and _stretch(said, at, period) >= least:
            return True
    return False


def _stretch(said: str, at: int, period: int) -> int:
    """Letters around `at` that are as those `period` further on or before."""
    first, end = at, at + 2 * period
    while first > 0 and said[first - 1] == said[first - 1 + period]:
        first -= 1
    while end < len(said) and said[end] == said[end - period]:
        end += 1
    return end - first


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text).lower()
