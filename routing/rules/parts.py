"""The text of many rules, cut into parts: each is known by its hash, packed, and read alone, so
that two plans that differ in one rule have all parts but one in common (ADR 45). The counterpart of
`document`, which writes and reads the text as a whole; `remembered` keeps what was read of parts.

Where a part ends is said by its last rule alone, so that a rule that is put in or taken out moves
no other border. Head and end of the text are parts of their own.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from routing.rules.document import HEAD, TAIL, after_rule

BORDER: Final = 1 << 25
"""Of the 2^32 hashes of a rule's text, those below it end a part: one in 128 does."""
MOST_TOGETHER: Final = 512
"""Rules of one part, whatever their hashes: about 100 kB."""
LEVEL: Final = 1
"""Of packing: the fastest leaves a tenth; the slowest half of that, in thirty times the time."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rules' text: SHA-256 of it in hexadecimal, and its bytes as zlib packs them."""

    sha256: str
    packed: bytes

    @classmethod
    def of(cls, text: str) -> "Part":
        """The part that holds this text."""
        raw = text.encode()
        return cls(hashlib.sha256(raw).hexdigest(), zlib.compress(raw, LEVEL))

    @property
    def text(self) -> str:
        """Its text. Raises ValueError where it is not what its hash says."""
        try:
            raw = zlib.decompress(self.packed)
        except zlib.error as wrong:
            raise ValueError(f"part {self.sha256} of a plan cannot be unpacked: {wrong}") from wrong
        if hashlib.sha256(raw).hexdigest() != self.sha256:
            raise ValueError(f"part {self.sha256} of a plan was altered: restore a backup")
        return raw.decode()


Parts = tuple[Part, ...]


def cut(text: str) -> Parts | None:
    """The parts that `joined` puts together to this text; None where it is not as
    `document.Written` writes it."""
    head = HEAD.match(text)
    if head is None or not text.endswith(TAIL):
        return None
    ends = list(_ends(text, head.end(), len(text) - len(TAIL)))
    if not ends or ends[-1] != len(text) - len(TAIL):
        return None
    starts = (0, head.end(), *ends)
    return tuple(
        Part.of(text[start:end])
        for start, end in zip(starts, (*starts[1:], len(text)), strict=True)
    )


def _ends(text: str, at: int, last: int) -> Iterator[int]:
    """Where parts end; short of `last` where the text is not as it should be."""
    together = 0
    while at < last:
        end = after_rule(text, at, last)
        if end is None:
            return
        together += 1
        if end == last or together == MOST_TOGETHER or _is_border(text[at:end]):
            yield end
            together = 0
        at = end


def _is_border(rule: str) -> bool:
    return zlib.crc32(rule.encode()) < BORDER


def joined(parts: Sequence[Part]) -> str:
    """The whole text."""
    return "".join([part.text for part in parts])
