"""What a caller does, as a line that people type: keys, words in quotes, and a few words of what is
no key. Counterpart of `play`, which plays it."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from ivr.flow.value import value
from routing.widths import usual_throughout

MOST_MOVES: Final = 200
MOST_LINE: Final = 2000
"""Characters; more than a call has turns for."""
MOST_WORDS: Final = 200


class Deed(StrEnum):
    """What is neither a key nor a word: of the caller, and, while a phone rings, of whoever is
    rung."""

    SILENCE = "silence"
    HANG_UP = "hang-up"
    ACCEPT = "accept"
    DECLINE = "decline"
    NO_ANSWER = "no-answer"


@value
class Key:
    """One of the telephone's twelve."""

    key: str


@value
class Words:
    """What the caller says."""

    text: str


Move = Key | Words | Deed
WRITTEN: Final[Mapping[Deed, Mapping[str, str]]] = {
    Deed.SILENCE: {"zh-CN": "沉默", "en": "silence"},
    Deed.HANG_UP: {"zh-CN": "挂断", "en": "hang-up"},
    Deed.ACCEPT: {"zh-CN": "接听", "en": "accept"},
    Deed.DECLINE: {"zh-CN": "拒接", "en": "decline"},
    Deed.NO_ANSWER: {"zh-CN": "无人接听", "en": "no-answer"},
}
_DEEDS: Final = {word: deed for deed, words in WRITTEN.items() for word in words.values()}
_PART: Final = re.compile(r'"([^"]*)"|[“”]([^“”]*)[“”]|「([^」]*)」|([^\s,，、"“”「]+)')
_KEYS: Final = re.compile(r"[0-9*#]+")


class LineError(ValueError):
    """A part of the line is neither keys nor words nor one of the deeds; the message is that
    part."""


def read_line(line: str) -> tuple[Move, ...]:
    """The moves of a line. Raises LineError, naming what cannot be read."""
    moves = tuple(move for part in _PART.finditer(line[:MOST_LINE]) for move in _moves(part))
    return moves[:MOST_MOVES]


def _moves(part: re.Match[str]) -> Iterator[Move]:
    said = next((text for text in part.groups()[:3] if text is not None), None)
    if said is not None:
        if said.strip():
            yield Words(said.strip()[:MOST_WORDS])
        return
    plain = usual_throughout(part[4]).casefold()
    if plain in _DEEDS:
        yield _DEEDS[plain]
    elif _KEYS.fullmatch(plain):
        yield from map(Key, plain)
    else:
        raise LineError(part[4][:40])


def written(moves: tuple[Move, ...], tongue: str) -> str:
    """The line of the moves, as a reader of this language would type it."""
    return " ".join(_written(move, tongue) for move in moves)


def _written(move: Move, tongue: str) -> str:
    match move:
        case Key(key):
            return key
        case Words(text):
            return '"' + text.replace('"', "'") + '"'
        case Deed():
            return WRITTEN[move][tongue]
