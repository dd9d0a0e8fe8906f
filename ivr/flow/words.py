"""What a caller's words mean at a menu: emergency first, then the longest word that is known
(prompts §8). Pure tables; only `resembled` guesses, and is asked about."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ivr.flow.homophones import SILENT, Homophones
from ivr.flow.instruction import Language
from ivr.flow.meaning import Choice, EndWord, KindWord, Meaning, TopicWord
from ivr.flow.spotting import Known, Label, plain, said, spot
from ivr.flow.weighing import DANGER, Understood, weigh
from routing.cases.kinds import Kind
from routing.widths import usual_throughout

LONGEST: Final = 1000
"""Characters that are looked at; a recogniser gives far fewer."""
UTTERANCE: Final = 100
"""Characters that are compared by their sound, which costs more: who says more at a menu tells a
story, and the keys are quicker."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, each with what it means."""

    everywhere: Mapping[str, Meaning]
    none: Mapping[str, Meaning]
    main: Mapping[str, Meaning]
    about: Mapping[str, Meaning]
    kinds: Mapping[str, Meaning]
    groups: Mapping[str, Meaning]
    topics: Mapping[str, Meaning]
    emergency: tuple[str, ...]


MENUS: Final[Mapping[str, tuple[str, ...]]] = {
    "main": ("main", "kinds", "topics", "groups"),
    "kind": ("kinds", "topics", "groups"),
    "about": ("about",),
    "topic": ("topics", "groups", "none"),
    "number": (),
}
"""Which tables a menu's `speech` listens to, besides the words that count everywhere."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that choose, by language; `homophones` are those of Mandarin."""

    languages: Mapping[Language, Words]
    homophones: Homophones = SILENT
    _hints: Mapping[tuple[Language, str], tuple[str, ...]] = field(
        init=False, repr=False, compare=False
    )
    _known: Mapping[tuple[Language, str], tuple[Known, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """What a recogniser is told at each menu, and what is looked for, is put together once."""
        known = {
            (language, menu): tuple(
                Known(word, plain(word, language), meaning)
                for table in _tables(words, menu)
                for word, meaning in table.items()
            )
            for language, words in self.languages.items()
            for menu in ("", *MENUS)
        }
        hints = {place: tuple(one.written for one in words) for place, words in known.items()}
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_hints", hints)

    def understand(
        self, text: str, language: Language, menu: str, labels: tuple[Label, ...] = ()
    ) -> Meaning | None:
        """What the words mean, however sure that is; None if nothing is known."""
        return self.understood(text, language, menu, labels).meaning

    def understood(
        self, text: str, language: Language, menu: str, labels: tuple[Label, ...] = ()
    ) -> Understood:
        """What the words mean at a menu whose `speech` is `menu` and which reads out `labels`: one
        of these, if nothing else is said, before any word."""
        heard = usual_throughout(text[:LONGEST]).casefold()
        if _speaks_of_danger(heard, self.languages[language], language):
            return DANGER
        if MENUS.get(menu) and (key := _numbered(heard, language)) is not None:
            return Understood(Choice(key))
        bare = plain(text[:LONGEST], language)
        for label in labels:
            if bare == label.plain:
                return Understood(Choice(label.key), (label.written,))
        return weigh(spot(bare, self._at(language, menu, labels), language), heard, language)

    def resembled(
        self, text: str, language: Language, menu: str, labels: tuple[Label, ...] = ()
    ) -> str | None:
        """The longest word or label of the menu that a text sounds like which holds none as it is
        written, the first of several. Never one of danger or of the end: what only sounds so
        (找活 like 着火) must not be taken for it."""
        if language != "zh-CN":
            return None
        known = [
            one for one in self._at(language, menu, labels) if not isinstance(one.meaning, EndWord)
        ]
        if spot(plain(text[:LONGEST], language), known, language):
            return None
        near = self.homophones.places(text[:UTTERANCE], (one.written for one in known))
        return max((word for _, word in near), key=len, default=None)

    def _at(self, language: Language, menu: str, labels: tuple[Label, ...]) -> tuple[Known, ...]:
        """What is looked for: a label before a word that is written alike."""
        words = self._known[language, menu if menu in MENUS else ""]
        taken = {label.plain for label in labels}
        return (*labels, *(one for one in words if one.plain not in taken))

    def topics(self, text: str, language: Language) -> tuple[str, ...]:
        """The topics that a whole statement names, each once. A word within a longer one ("tax" in
        "tax refund") does not count."""
        heard = usual_throughout(text).casefold()
        named = self.languages[language].topics
        found: dict[str, None] = {}
        for word in sorted(named, key=len, reverse=True):
            meaning = named[word]
            if isinstance(meaning, TopicWord) and said(heard, word, language):
                found[meaning.topic] = None
                heard = heard.replace(word, " " * len(word))
        return tuple(found)

    def accuses(self, text: str, language: Language) -> bool:
        """Whether a whole statement has a word of complaint, of report or of an office or official
        that is complained about."""
        heard = usual_throughout(text).casefold()
        words = self.languages[language]
        kinds = (word for word, kind in words.kinds.items() if kind in _ACCUSING)
        about = (word for word, key in words.about.items() if key != BUSINESS)
        return any(said(heard, word, language) for word in (*kinds, *about))

    def speaks_of_danger(self, text: str) -> bool:
        """Whether a whole statement names danger to life, in any language: callers mix them."""
        heard = usual_throughout(text).casefold()
        return any(
            _speaks_of_danger(heard, words, language) for language, words in self.languages.items()
        )

    def hints(self, language: Language, menu: str) -> tuple[str, ...]:
        """Words that the recogniser should expect at this menu."""
        return self._hints[language, menu]


def _tables(words: Words, menu: str) -> Iterator[Mapping[str, Meaning]]:
    for name in MENUS.get(menu, ()):
        table: Mapping[str, Meaning] = getattr(words, name)
        yield table
    yield words.everywhere


BUSINESS: Final = Choice("3")
"""Whom a complaint is about that goes by its topic; the other keys are offices and officials."""
_ACCUSING: Final = (KindWord(Kind.COMPLAINT), KindWord(Kind.REPORT))


def _speaks_of_danger(heard: str, words: Words, language: Language) -> bool:
    return any(_in_danger(heard, word, words, language) for word in words.emergency)


def _in_danger(heard: str, word: str, words: Words, language: Language) -> bool:
    """Whether an emergency word is said by itself; "fire safety" is a topic, not a fire."""
    if not said(heard, word, language):
        return False
    for longer in words.topics:
        if word in longer:
            heard = heard.replace(longer, " " * len(longer))
    return said(heard, word, language)


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
