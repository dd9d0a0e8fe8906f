"""What a recogniser is told to expect, drawn from a plan's register and vocabulary: places, topics,
offices. Whisper repeats what it was told where nobody speaks; `echoed` knows that again."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise, zip_longest
from typing import Final

from ivr.flow.instruction import Language
from ivr.flow.meaning import TopicWord
from ivr.flow.words import Vocabulary, Words
from routing.register import Directory, PublishedNumber
from routing.widths import usual_throughout

MOST_TOKENS: Final = 224
"""Whisper's own bound: of a longer prompt it forgets the beginning."""
STYLE: Final[Mapping[Language, str]] = {"zh-CN": "以下是普通话的句子。", "en": ""}
"""What the engine is told to have heard before: it goes on in the same signs."""
BETWEEN: Final[Mapping[Language, str]] = {"zh-CN": "、", "en": ", "}
LONGEST_WORD: Final = 40
"""Signs: what is longer is a sentence, and nobody says it as one word."""
RUN: Final = 3
"""Words that follow one another in a prompt, whose neighbours have nothing to do with each other:
no caller says three of them in its order and not a word besides."""
LIST: Final = 6
"""Different words and nothing else, in whatever order: an enumeration is no matter."""
_NO_LETTER: Final = re.compile(r"[\W_]+")
_ENDS: Final = "。！？!?."


@dataclass(frozen=True, slots=True)
class HotWords:
    """Words to expect, the most useful first."""

    words: tuple[str, ...] = ()
    _only: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _each: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Longer words are tried first, and none is given up again: hostile text costs no more
        than its length."""
        places = {_letters(word): place for place, word in enumerate(self.words)}
        longest_first = sorted(filter(None, places), key=len, reverse=True)
        any_word = "|".join(map(re.escape, longest_first)) or "(?!)"
        object.__setattr__(self, "_places", places)
        object.__setattr__(self, "_each", re.compile(any_word))
        object.__setattr__(self, "_only", re.compile(f"(?>{any_word})*+"))

    def prompt(self, language: Language) -> str:
        """As an engine of the Whisper kind is told them: in the signs that it shall go on in."""
        words = BETWEEN[language].join(self.words)
        stop = "。" if language == "zh-CN" else "."
        return f"{STYLE[language]}{words}{stop}" if words else STYLE[language]

    def alone(self, sentence: str) -> Sequence[int] | None:
        """The places of a sentence's words, where they are all expected ones; else None."""
        letters = _letters(sentence)
        if self._only.fullmatch(letters) is None:
            return None
        return [self._places[word] for word in self._each.findall(letters)]


NOTHING_EXPECTED: Final = HotWords()
Expect = Callable[[str, Language], Awaitable[HotWords]]
"""What may be said in the recording with this id, in this language."""


async def nothing_expected(sid: str, language: Language) -> HotWords:
    """Of any recording."""
    return NOTHING_EXPECTED


def echoed(places: Sequence[int]) -> bool:
    """Whether words at these places, said and nothing besides, are the prompt come back. Who says
    停水 alone, or 东城区停水, means it: one or two words are no echo."""
    in_order = sum(later == earlier + 1 for earlier, later in pairwise(places))
    return in_order >= RUN - 1 or len(set(places)) >= LIST


def hot_words(
    directory: Directory, vocabulary: Vocabulary, language: Language, dialled: str | None = None
) -> HotWords:
    """The office and the district of the number dialled first, where it is known; then words of its
    topic, places, words of all topics, names of the lexicon and offices in turn, as many as a
    prompt holds.

    Words of danger are not among them: what is expected is what silence is heard as."""
    words = vocabulary.languages[language]
    entry = directory.numbers.get(dialled or "")
    own = () if entry is None else (entry.office_spoken[language], entry.district_names[language])
    wanted = chain(own, _in_turn(*_sources(directory, words, language, entry)))
    return HotWords(tuple(_fitting(wanted, language, words.emergency)))


def _sources(
    directory: Directory, words: Words, language: Language, entry: PublishedNumber | None
) -> Iterator[Iterable[str]]:
    topics = _of_topics(words)
    offices = directory.offices.values()
    yield topics.get(entry.topic or "", ()) if entry is not None else ()
    yield dict.fromkeys(office.district_names[language] for office in offices)
    yield _in_turn(*topics.values())
    yield (name.text for name in directory.lexicon if name.language == language)
    yield (office.spoken[language] for office in offices)
    yield (topic.names[language] for topic in directory.topics.values())


def _of_topics(words: Words) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for word, meaning in words.topics.items():
        if isinstance(meaning, TopicWord):
            found.setdefault(meaning.topic, []).append(word)
    return found


def _in_turn(*sources: Iterable[str]) -> Iterator[str]:
    """The first of each, the second of each, and so on: neighbours are of different kinds."""
    for row in zip_longest(*sources):
        yield from (word for word in row if word is not None)


def _fitting(wanted: Iterable[str], language: Language, danger: tuple[str, ...]) -> Iterator[str]:
    """Each once, until the prompt is full."""
    left = MOST_TOKENS - tokens(STYLE[language])
    seen = {_letters(word) for word in danger}
    for name in wanted:
        word = name.removeprefix("the ").strip()
        letters = _letters(word)
        fits = len(letters) > 1 and len(word) <= LONGEST_WORD and word.isprintable()
        if not fits or letters in seen or any(sign in word for sign in _ENDS):
            continue
        left -= tokens(word + BETWEEN[language])
        if left < 0:
            return
        seen.add(letters)
        yield word


def tokens(text: str) -> int:
    """How many a prompt takes at most: two a Chinese sign and one for two Latin letters. Whisper's
    own count of all that the demonstration says is 1.3 a sign, and one for four letters."""
    latin = sum(sign.isascii() for sign in text)
    return 2 * (len(text) - latin) + (latin + 1) // 2


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", usual_throughout(text).casefold())
