"""JSON of a plan's body, a piece at a time. The JSON library lets no other thread run until it is
done, and a body of 100,000 rules, most of it one long string, is some hundred milliseconds of it:
calls would wait for that. What comes of it is what the library writes and reads."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

PIECE: Final = 64 * 1024
"""Signs of a string that are written or read at once: half a millisecond."""
LARGE: Final = 4 * PIECE
"""A text that is shorter is read at once."""
ESCAPED: Final = 6
"""The longest escaped sign is `\\u` and four digits."""
_decoded: Final = json.JSONDecoder().raw_decode


class _OddError(ValueError):
    """Not as `dumped` writes it."""


def dumped(value: object) -> str:
    """As `json.dumps` with sorted keys."""
    return "".join(_pieces(value))


def _pieces(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        before = "{"
        for name in sorted(value):
            yield f"{before}{_plain(name)}: "
            yield from _pieces(value[name])
            before = ", "
        yield "}" if value else "{}"
    elif isinstance(value, str) and len(value) > PIECE:
        yield '"'
        for at in range(0, len(value), PIECE):
            yield _plain(value[at : at + PIECE])[1:-1]
        yield '"'
    else:
        yield _plain(value)


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def loaded(text: str) -> Any:
    """As `json.loads`, which also says what is wrong with a text. Raises ValueError."""
    if len(text) < LARGE:
        return json.loads(text)
    try:
        value, end = _value(text, 0)
    except _OddError:
        return json.loads(text)
    return value if end == len(text) else json.loads(text)


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins here, and where it ends."""
    if text.startswith("{}", at):
        return {}, at + 2
    if text.startswith("{", at):
        return _object(text, at)
    if text.startswith('"', at):
        return _string(text, at + 1)
    try:
        return _decoded(text, at)
    except ValueError:
        raise _OddError from None


def _object(text: str, at: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        if not text.startswith('"', at + 1):
            raise _OddError
        name, at = _string(text, at + 2)
        if not text.startswith(": ", at):
            raise _OddError
        found[name], at = _value(text, at + 2)
        if text.startswith("}", at):
            return found, at + 1
        if not text.startswith(", ", at):
            raise _OddError
        at += 1


def _string(text: str, at: int) -> tuple[str, int]:
    pieces = []
    while at < len(text):
        piece = text[at : at + PIECE]
        if (len(piece) - len(piece.rstrip("\\"))) % 2:
            piece = piece[:-1]
        try:
            read, end = _decoded(f'"{piece}"', 0)
        except ValueError:
            raise _OddError from None
        pieces.append(read)
        if end < len(piece) + 2:  # it ends within the piece
            return "".join(pieces), at + end - 1
        if not piece or "\\u" in piece[-ESCAPED:]:
            raise _OddError  # which may be cut in two
        at += len(piece)
    raise _OddError
