"""Prompts cut into sentences: what is recorded once, and what the recordings are found by.
The counterpart of `ivr/voices`, where each fixed sentence lies as sound."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrase, Phrasebook

_END: Final = re.compile(r"(?<=[。？！])\s*|(?<=[.?!])\s+")
_ENDS: Final = ("。", "？", "！", ".", "?", "!")
_SLOT: Final = re.compile(r"\{[a-z_]+\}")
USUAL_DAYS: Final = 90
"""RETENTION_AUDIO_DAYS unless it is set: what the shipped recordings say."""
_WRITTEN: Final = "sms."  # phrases that are only read
T = TypeVar("T")


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, with their marks. An English mark ends one only before a space."""
    return tuple(part for part in (cut.strip() for cut in _END.split(text)) if part)


def parted(
    text: str, language: Language, recorded: Mapping[tuple[Language, str], T]
) -> list[tuple[str, T | None]]:
    """The text in its order, each sentence with what is recorded of it; those that nobody recorded
    stay together."""
    parts: list[tuple[str, T | None]] = []
    for sentence in sentences(text):
        found = recorded.get((language, sentence))
        if found is None and parts and parts[-1][1] is None:
            between = "" if language == "zh-CN" else " "
            parts[-1] = (f"{parts[-1][0]}{between}{sentence}", None)
        else:
            parts.append((sentence, found))
    return parts


def language_of(sentence: str) -> Language:
    """The language in which a sentence is written: each phrase file has words of the other one."""
    return "zh-CN" if any("一" <= sign <= "鿿" for sign in sentence) else "en"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A sentence as an admin names it: `name` is its phrase and its place in it, from 1; `folder`
    the language of the file that holds it. `fixed`: it is always said alike."""

    folder: Language
    name: str
    text: str
    fixed: bool


def numbered(book: Phrasebook, days: int = USUAL_DAYS) -> Iterator[Numbered]:
    """Every sentence that is spoken as one, in the book's order; without texts that are only read
    and words that only fill slots. `days` is how long sound is kept, the one slot that is the same
    in all calls."""
    for folder, phrases in book.texts.items():
        for name, phrase in phrases.items():
            yield from numbered_of(folder, name, phrase, days)


def numbered_of(
    folder: Language, name: str, phrase: Phrase, days: int = USUAL_DAYS
) -> Iterator[Numbered]:
    """The same of one phrase."""
    if name.startswith(_WRITTEN):
        return
    for place, sentence in enumerate(sentences(_written(phrase, days)), 1):
        if sentence.endswith(_ENDS):
            fixed = _SLOT.search(sentence) is None
            yield Numbered(folder, f"{name}.{place}", sentence, fixed)


def fixed_sentences(book: Phrasebook) -> Mapping[Language, tuple[str, ...]]:
    """The sentences that are always spoken alike, each once, in the book's order."""
    found: dict[Language, dict[str, None]] = {"zh-CN": {}, "en": {}}
    for each in numbered(book):
        if each.fixed:
            found[language_of(each.text)][each.text] = None
    return {language: tuple(said) for language, said in found.items()}


def _written(phrase: Phrase, days: int) -> str:
    parts = enumerate(phrase.parts)
    text = "".join(f"{{{part}}}" if place % 2 else part for place, part in parts)
    return text.replace("{days}", str(days))
