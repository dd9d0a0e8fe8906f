"""What a caller's words mean at a menu: emergency first, then the longest word that is known
(prompts §8). Pure tables; nothing here guesses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ivr.flow.instruction import Language
from routing.cases.kinds import Kind

LONGEST: Final = 1000
"""Characters that are looked at; a recogniser gives far fewer."""


@dataclass(frozen=True, slots=True)
class Emergency:
    """Danger to life: the emergency numbers are said at once."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class KindWord:
    """What kind of matter it is."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class TopicWord:
    """What the matter is about, and its group's key."""

    topic: str
    group: int


@dataclass(frozen=True, slots=True)
class Group:
    """Words of two topics of one group: its menu decides."""

    group: int


Meaning = Emergency | Choice | Person | Again | EndWord | KindWord | TopicWord | Group


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, each with what it means."""

    everywhere: Mapping[str, Meaning]
    main: Mapping[str, Meaning]
    kinds: Mapping[str, Meaning]
    topics: Mapping[str, Meaning]
    emergency: tuple[str, ...]


MENUS: Final[Mapping[str, tuple[str, ...]]] = {
    "main": ("main", "kinds", "topics"),
    "topic": ("topics",),
    "number": (),
}
"""Which tables a menu's `speech` listens to, besides the words that count everywhere."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that choose, by language."""

    languages: Mapping[Language, Words]

    def understand(self, text: str, language: Language, menu: str) -> Meaning | None:
        """What the words mean at a menu whose `speech` is `menu`; None if nothing is known."""
        words = self.languages[language]
        heard = text[:LONGEST].casefold()
        if any(True for word in words.emergency if _said(heard, word, language)):
            return Emergency()
        found: list[tuple[int, Meaning]] = []
        for table in self._tables(words, menu):
            found.extend(
                (len(word), meaning)
                for word, meaning in table.items()
                if _said(heard, word, language)
            )
        return _best(found)

    def wants_person(self, text: str, language: Language) -> bool:
        """Whether the words ask for a person, where digits are collected."""
        return isinstance(self.understand(text, language, "number"), Person)

    def hints(self, language: Language, menu: str) -> tuple[str, ...]:
        """Words that the recogniser should expect at this menu."""
        words = self.languages[language]
        return tuple(word for table in self._tables(words, menu) for word in table)

    def _tables(self, words: Words, menu: str) -> Iterator[Mapping[str, Meaning]]:
        for name in MENUS.get(menu, ()):
            yield {"main": words.main, "kinds": words.kinds, "topics": words.topics}[name]
        yield words.everywhere


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
