"""Prompts cut into sentences: what is recorded once, and what the recordings are found by.
The counterpart of `ivr/voices`, where each fixed sentence lies as sound."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrasebook

_END: Final = re.compile(r"(?<=[。？！])\s*|(?<=[.?!])\s+")
_WRITTEN: Final = "sms."  # phrases that are only read


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, with their marks. An English mark ends one only before a space."""
    return tuple(part for part in (cut.strip() for cut in _END.split(text)) if part)


def language_of(sentence: str) -> Language:
    """The language in which a sentence is written: each phrase file has words of the other one."""
    return "zh-CN" if any("一" <= sign <= "鿿" for sign in sentence) else "en"


def fixed_sentences(book: Phrasebook) -> Mapping[Language, tuple[str, ...]]:
    """The sentences that are always spoken alike, each once, in the book's order; without those
    that hold a slot, words that only fill slots, and texts that are only read."""
    found: dict[Language, dict[str, None]] = {"zh-CN": {}, "en": {}}
    for phrases in book.texts.values():
        for name, phrase in phrases.items():
            if not name.startswith(_WRITTEN):
                for sentence in _fixed("{}".join(phrase.parts[::2])):
                    found[language_of(sentence)][sentence] = None
    return {language: tuple(said) for language, said in found.items()}


def _fixed(text: str) -> Iterator[str]:
    for sentence in sentences(text):
        if "{}" not in sentence and sentence.endswith(("。", "？", "！", ".", "?", "!")):
            yield sentence
