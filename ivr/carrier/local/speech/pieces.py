"""Sentences cut into the pieces that are spoken each by itself: a piece that comes again, an
office's name or a date, is not made again."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ivr.flow.instruction import Language
from ivr.library.sentences import sentences

_BREAK: Final = re.compile(r"(?<=[，；：])|(?<=[,;:])\s+")
_LEAST: Final = 3
"""Characters, or English words: fewer sound abrupt by themselves and stay with what follows."""
_MOST: Final = 400  # characters; the model says about 500 sounds at once


@dataclass(frozen=True, slots=True)
class Piece:
    """What is spoken in one go; `words` are the names in it with their readings."""

    text: str
    language: Language
    words: tuple[tuple[str, str], ...] = ()


Lexicon = Iterable[tuple[str, str, str]]
"""Names with language and reading, as the register has them."""


def pieces(text: str, language: Language, lexicon: Lexicon = ()) -> tuple[tuple[Piece, ...], ...]:
    """The sentences of a text, each in its pieces. None of a text with a piece that is too long."""
    known = [(word, said) for word, of, said in lexicon if of == language and word in text]
    cut = [
        tuple(
            Piece(part, language, tuple(pair for pair in known if pair[0] in part))
            for part in _cut(sentence, language)
        )
        for sentence in sentences(text)
    ]
    return () if any(len(piece.text) > _MOST for parts in cut for piece in parts) else tuple(cut)


def _cut(sentence: str, language: Language) -> list[str]:
    found, held = [], ""
    for part in _BREAK.split(sentence):
        held = f"{held} {part}".strip() if language == "en" else held + part
        if _weight(held, language) >= _LEAST:
            found.append(held)
            held = ""
    if held and found:
        between = " " if language == "en" else ""
        found[-1] = f"{found[-1]}{between}{held}"
    elif held:
        found.append(held)
    return found


def _weight(text: str, language: Language) -> int:
    return len(text.split()) if language == "en" else sum(sign.isalnum() for sign in text)
