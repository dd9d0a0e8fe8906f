"""What a caller's words mean at a menu: emergency first, then the longest word that is known
(prompts §8). Pure tables; only `resembled` guesses, and is asked about."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ivr.flow.homophones import SILENT, Homophones
from ivr.flow.instruction import Language
from ivr.flow.value import value
from routing.cases.kinds import Kind

LONGEST: Final = 1000
"""Characters that are looked at; a recogniser gives far fewer."""
UTTERANCE: Final = 100
"""Characters that are compared by their sound, which costs more: who says more at a menu tells a
story, and the keys are quicker."""


@dataclass(frozen=True, slots=True)
class Emergency:
    """Danger to life: the emergency numbers are said at once."""


@value
class Choice:
    """The same as pressing this key of the menu."""

    key: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person is wanted."""


@dataclass(frozen=True, slots=True)
class Again:
    """Say it again."""


@dataclass(frozen=True, slots=True)
class EndWord:
    """The caller has finished."""


@value
class KindWord:
    """What kind of matter it is."""

    kind: Kind


@value
class TopicWord:
    """What the matter is about, and its group's key."""

    topic: str
    group: int


@dataclass(frozen=True, slots=True)
class Group:
    """Words of two topics of one group: its menu decides."""

    group: int


@value
class KindAndTopic:
    """Both in one breath: "a question about my pension"."""

    kind: Kind
    topic: TopicWord | Group


Meaning = (
    Emergency | Choice | Person | Again | EndWord | KindWord | TopicWord | Group | KindAndTopic
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, each with what it means."""

    everywhere: Mapping[str, Meaning]
    main: Mapping[str, Meaning]
    about: Mapping[str, Meaning]
    kinds: Mapping[str, Meaning]
    topics: Mapping[str, Meaning]
    emergency: tuple[str, ...]


MENUS: Final[Mapping[str, tuple[str, ...]]] = {
    "main": ("main", "kinds", "topics"),
    "kind": ("kinds", "topics"),
    "about": ("about",),
    "topic": ("topics",),
    "number": (),
}
"""Which tables a menu's `speech` listens to, besides the words that count everywhere."""
ONCE_SPOKEN: Final = frozenset({"kind", "about"})
"""Menus that listen for words only after the caller has chosen by words before: here a television
must not choose for somebody who uses the keys (prompts §1)."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that choose, by language; `homophones` are those of Mandarin."""

    languages: Mapping[Language, Words]
    homophones: Homophones = SILENT
    _hints: Mapping[tuple[Language, str], tuple[str, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """What a recogniser is told at each menu is put together once."""
        hints = {
            (language, menu): tuple(word for table in self._tables(words, menu) for word in table)
            for language, words in self.languages.items()
            for menu in MENUS
        }
        object.__setattr__(self, "_hints", hints)

    def understand(self, text: str, language: Language, menu: str) -> Meaning | None:
        """What the words mean at a menu whose `speech` is `menu`; None if nothing is known."""
        words = self.languages[language]
        heard = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
        if _speaks_of_danger(heard, words, language):
            return Emergency()
        if MENUS.get(menu) and (key := _numbered(heard, language)) is not None:
            return Choice(key)
        found: list[tuple[int, Meaning]] = []
        for table in self._tables(words, menu):
            found.extend(
                (len(word), meaning)
                for word, meaning in table.items()
                if _said(heard, word, language)
            )
        return _meant(_without_asides(found, heard, language))

    def resembled(self, text: str, language: Language, menu: str) -> str | None:
        """The longest word of the menu that a text sounds like which means nothing as it is
        written, the first of several. Never one of danger or of the end: what only sounds so
        (找活 like 着火) must not be taken for it."""
        if language != "zh-CN":
            return None
        tables = self._tables(self.languages[language], menu)
        chosen = (
            word
            for table in tables
            for word, meaning in table.items()
            if not isinstance(meaning, EndWord)
        )
        near = self.homophones.places(text[:UTTERANCE], chosen)
        return max((word for _, word in near), key=len, default=None)

    def topics(self, text: str, language: Language) -> tuple[str, ...]:
        """The topics that a whole statement names, each once. A word within a longer one ("tax" in
        "tax refund") does not count."""
        heard = unicodedata.normalize("NFKC", text).casefold()
        named = self.languages[language].topics
        found: dict[str, None] = {}
        for word in sorted(named, key=len, reverse=True):
            meaning = named[word]
            if isinstance(meaning, TopicWord) and _said(heard, word, language):
                found[meaning.topic] = None
                heard = heard.replace(word, " " * len(word))
        return tuple(found)

    def accuses(self, text: str, language: Language) -> bool:
        """Whether a whole statement has a word of complaint, of report or of an office or official
        that is complained about."""
        heard = unicodedata.normalize("NFKC", text).casefold()
        words = self.languages[language]
        kinds = (word for word, kind in words.kinds.items() if kind in _ACCUSING)
        about = (word for word, key in words.about.items() if key != BUSINESS)
        return any(_said(heard, word, language) for word in (*kinds, *about))

    def speaks_of_danger(self, text: str) -> bool:
        """Whether a whole statement names danger to life, in any language: callers mix them."""
        heard = unicodedata.normalize("NFKC", text).casefold()
        return any(
            _speaks_of_danger(heard, words, language) for language, words in self.languages.items()
        )

    def hints(self, language: Language, menu: str) -> tuple[str, ...]:
        """Words that the recogniser should expect at this menu."""
        return self._hints[language, menu]

    def _tables(self, words: Words, menu: str) -> Iterator[Mapping[str, Meaning]]:
        for name in MENUS.get(menu, ()):
            table: Mapping[str, Meaning] = getattr(words, name)
            yield table
        yield words.everywhere


BUSINESS: Final = Choice("3")
"""Whom a complaint is about that goes by its topic; the other keys are offices and officials."""
_ACCUSING: Final = (KindWord(Kind.COMPLAINT), KindWord(Kind.REPORT))


def _said(heard: str, word: str, language: Language) -> bool:
    if language == "zh-CN":
        return word in heard
    start = heard.find(word)
    while start >= 0:
        before = heard[start - 1 : start] if start else ""
        after = heard[start + len(word) : start + len(word) + 1]
        if not before.isalpha() and (not after.isalpha() or _plural(heard, start + len(word))):
            return True
        start = heard.find(word, start + 1)
    return False


_PLURAL: Final = re.compile(r"e?s(?![a-z])")


def _plural(heard: str, end: int) -> bool:
    return _PLURAL.match(heard, end) is not None


def _speaks_of_danger(heard: str, words: Words, language: Language) -> bool:
    return any(_in_danger(heard, word, words, language) for word in words.emergency)


def _in_danger(heard: str, word: str, words: Words, language: Language) -> bool:
    """Whether an emergency word is said by itself; "fire safety" is a topic, not a fire."""
    if not _said(heard, word, language):
        return False
    for longer in words.topics:
        if word in longer:
            heard = heard.replace(longer, " " * len(longer))
    return _said(heard, word, language)


_NUMBERED: Final[Mapping[Language, re.Pattern[str]]] = {
    "zh-CN": re.compile(r"(?:我?[要选按]|请按)?第?([0-9零一二两三四五六七八九])[个号项]?[键吧]?"),
    "en": re.compile(
        r"(?:press |number |option |key |the )?"
        r"(\d|zero|one|two|three|four|five|six|seven|eight|nine|first|second|third|fourth|fifth)"
        r"(?: one| option)?(?:,? please)?"
    ),
}
_KEYS: Final[Mapping[str, str]] = {
    **{digit: digit for digit in "0123456789"},
    **dict(zip("零一二三四五六七八九两", "01234567892", strict=True)),
    **{
        name: str(key)
        for key, names in enumerate(
            ("zero", "one first", "two second", "three third", "four fourth", "five fifth",
             "six", "seven", "eight", "nine")
        )
        for name in names.split()
    },
}  # fmt: skip


def _numbered(heard: str, language: Language) -> str | None:
    """The key, where that is all that is said: 一, 第二个, "the first one"."""
    said = _NUMBERED[language].fullmatch(heard.strip(" ,.!?，。！？"))
    return None if said is None else _KEYS[said[1]]


MATTER: Final = Choice("2")
"""What every kind and topic says too, and more."""
LAST_WORDS: Final[Mapping[Language, int]] = {"zh-CN": 8, "en": 15}
"""Characters of an utterance that may end a call; "what can be done" must not."""


def _without_asides(
    found: list[tuple[int, Meaning]], heard: str, language: Language
) -> list[tuple[int, Meaning]]:
    """Leaves out what says less than the rest: "a matter" beside its topic, 结束 in a sentence."""
    meanings = [meaning for _, meaning in found]
    if any(isinstance(meaning, KindWord | TopicWord) for meaning in meanings):
        found = [pair for pair in found if pair[1] != MATTER]
    alone = all(isinstance(meaning, EndWord) for meaning in meanings)
    if not alone or len(heard) > LAST_WORDS[language]:
        found = [pair for pair in found if not isinstance(pair[1], EndWord)]
    return found


def _best(found: list[tuple[int, Meaning]]) -> Meaning | None:
    """The longest word wins; two topics of one length are their group, or nothing."""
    if not found:
        return None
    longest = max(length for length, _ in found)
    best = list(dict.fromkeys(meaning for length, meaning in found if length == longest))
    topics = [meaning for meaning in best if isinstance(meaning, TopicWord)]
    if len(topics) > 1 and len(topics) == len(best):
        groups = {topic.group for topic in topics}
        return Group(groups.pop()) if len(groups) == 1 else None
    return best[0]


def _meant(found: list[tuple[int, Meaning]]) -> Meaning | None:
    """The best word; where that says the kind or the topic, with the other one beside it."""
    best = _best(found)
    kind, topic = _best(_only(found, KindWord)), _best(_only(found, TopicWord))
    if best not in (kind, topic):
        return best
    if isinstance(kind, KindWord) and isinstance(topic, TopicWord | Group):
        return KindAndTopic(kind.kind, topic)
    return best


def _only(found: list[tuple[int, Meaning]], kind: type[Meaning]) -> list[tuple[int, Meaning]]:
    return [pair for pair in found if isinstance(pair[1], kind)]
