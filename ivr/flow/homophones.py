"""Mandarin words that sound like a known one: what a recogniser writes with other signs, or hears
through an accent. Pure; the readings come from `ivr.library`. The counterpart of `words`, which
knows them as they are written."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

LEAST: Final = 2
"""Signs of a word that is looked for by its sound: one syllable is in every sentence."""
_INITIALS: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
"""What many speakers of Mandarin do not tell apart: the tongue's place, and n from l."""
_NASAL: Final = re.compile(r"(?<=[aei])ng$")


def folded(syllable: str) -> str:
    """A syllable without what accents change: `zhang` and `zan` are one. Tones are no part."""
    for heard, alike in _INITIALS:
        if syllable.startswith(heard):
            syllable = alike + syllable.removeprefix(heard)
            break
    return _NASAL.sub("n", syllable)


@dataclass(frozen=True, slots=True)
class Homophones:
    """`readings`: each sign's folded syllables. An unknown sign sounds like nothing."""

    readings: Mapping[str, frozenset[str]]

    def sounds(self, text: str) -> Sequence[frozenset[str]]:
        """How each sign of a text may sound."""
        nothing = frozenset[str]()
        return [self.readings.get(sign, nothing) for sign in text]

    def places(self, text: str, words: Iterable[str]) -> Iterator[tuple[int, str]]:
        """Where in the text something sounds like one of the words, from its beginning on, and
        which word it is."""
        said = self.sounds(text)
        begins = self._by_first(words)
        for place, sounds in enumerate(said):
            for word in dict.fromkeys(chain.from_iterable(begins.get(one, ()) for one in sounds)):
                if _alike(self.sounds(word), said[place : place + len(word)]):
                    yield place, word

    def _by_first(self, words: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """The words that are long enough, by the sounds of their first sign."""
        begins: defaultdict[str, list[str]] = defaultdict(list)
        for word in words:
            for sound in self.readings.get(word[0], ()) if len(word) >= LEAST else ():
                begins[sound].append(word)
        return begins


SILENT: Final = Homophones({})
"""Of a language that is not written so: nothing sounds like anything."""


def _alike(word: Sequence[frozenset[str]], said: Sequence[frozenset[str]]) -> bool:
    return len(word) == len(said) and all(
        not mine.isdisjoint(theirs) for mine, theirs in zip(word, said, strict=True)
    )
