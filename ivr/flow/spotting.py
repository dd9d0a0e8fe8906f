"""Which known words a text holds: the longer one hides those within it, "tax refund" says nothing
of a refund in a shop. Pure; what they mean together is `weighing`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ivr.flow.instruction import Language
from ivr.flow.meaning import Meaning
from routing.widths import usual_throughout

_APOSTROPHES: Final = re.compile(r"['’`´]")
_MARKS: Final = re.compile(r"[\W_]+")
_SMALL: Final = frozenset({"a", "an", "the", "and", "or", "please"})
"""English words that change nothing: who says an option after the line leaves them out."""
_PLURAL: Final = re.compile(r"e?s(?![a-z])")


def plain(text: str, language: Language) -> str:
    """A text without what nobody hears: capitals, marks, in Mandarin also the spaces, in English
    also "and"."""
    text = usual_throughout(text).casefold()
    if language == "zh-CN":
        return _MARKS.sub("", text)
    words = _MARKS.sub(" ", _APOSTROPHES.sub("", text)).split()
    return " ".join(word for word in words if word not in _SMALL)


@dataclass(frozen=True, slots=True)
class Known:
    """A word of a menu: as it is `written`, as it is looked for (`plain`), what it means."""

    written: str
    plain: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Label(Known):
    """An option as a menu reads it out: by itself it is its `key`; `meaning` is what it says within
    a longer sentence."""

    key: str


def spot(heard: str, known: Iterable[Known], language: Language) -> list[Known]:
    """The known words in a plain text, each once; none that stands only within a longer one."""
    hidden = bytearray(len(heard))
    found: list[Known] = []
    for same in _by_length(known):
        places = [
            (one, place)
            for one in same
            for place in _open(heard, one.plain, language)
            if not all(hidden[place : place + len(one.plain)])
        ]
        for one, place in places:
            hidden[place : place + len(one.plain)] = b"\1" * len(one.plain)
        found.extend(dict.fromkeys(one for one, _ in places))
    return found


def _by_length(known: Iterable[Known]) -> Iterator[Sequence[Known]]:
    """The longest first; of one length in the order in which they came."""
    lengths: dict[int, list[Known]] = {}
    for one in known:
        lengths.setdefault(len(one.plain), []).append(one)
    for length in sorted(lengths.keys() - {0}, reverse=True):
        yield lengths[length]


def said(heard: str, word: str, language: Language) -> bool:
    """Whether a text holds the word: in English as a word by itself, singular or plural."""
    return next(_open(heard, word, language), None) is not None


def _open(heard: str, word: str, language: Language) -> Iterator[int]:
    """Where the word begins in the text, each time."""
    whole = language == "en" and word.isascii()
    start = heard.find(word)
    while start >= 0:
        if not whole or _stands_alone(heard, start, start + len(word)):
            yield start
        start = heard.find(word, start + len(word))


def _stands_alone(heard: str, start: int, end: int) -> bool:
    before, after = heard[start - 1 : start] if start else "", heard[end : end + 1]
    return not before.isalpha() and (not after.isalpha() or _PLURAL.match(heard, end) is not None)
