"""What a recording says, as somebody heard it: phrase by phrase, and how sure that is. The sound is
the record; words stand beside it."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

LEAST_SURE: Final = 0.5
"""Below it a person listens before anybody acts on words: engines of the Whisper kind give up on
their own text at 0.37, and are right in most of it above 0.6."""
SURE: Final = 0.7
"""From here on words alone may move a case: Whisper's base model was 0.65 sure of a telephone's
Mandarin in which it had 11 of 28 signs wrong."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """So many characters of a text, and how sure the engine is that they were said: from 0 to 1,
    None where it does not tell. Between two phrases stands one space, of neither."""

    length: int
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """A phrase with its words. `before` is what stands between it and the one before where people
    read it: nothing beside Chinese, which has no spaces."""

    text: str
    confidence: float | None
    before: str = field(default="", compare=False)

    @property
    def sure(self) -> bool:
        """Whether something may be done for these words alone; not where nobody tells how sure it
        is."""
        return self.confidence is not None and self.confidence >= SURE

    @property
    def unsure(self) -> bool:
        """Whether they may well be wrong, as far as anybody tells."""
        return self.confidence is not None and self.confidence < LEAST_SURE


@dataclass(frozen=True, slots=True)
class Words:
    """What a recording says. `source` names who heard it (`carrier`, an engine's name),
    `confidence` how sure that is of its least sure phrase: 0 to 1, None where it does not tell;
    `phrases` are those of the text in its order, none where the engine tells no more than text."""

    text: str
    source: str
    confidence: float | None = None
    phrases: tuple[Phrase, ...] = ()

    @property
    def unsure(self) -> bool:
        """Whether some of them may well be wrong."""
        return any(part.unsure for part in self.parts)

    @property
    def flowing(self) -> str:
        """The text as people write it."""
        return "".join(f"{part.before}{part.text}" for part in self.parts)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Phrase by phrase; the whole as one where no phrases are known that make it up."""
        spaces = max(len(self.phrases) - 1, 0)
        if not self.phrases or sum(one.length for one in self.phrases) + spaces != len(self.text):
            return (Part(self.text, self.confidence),)
        return tuple(self._cut())

    def _cut(self) -> Iterator[Part]:
        at, last = 0, ""
        for phrase in self.phrases:
            text = self.text[at : at + phrase.length]
            yield Part(text, phrase.confidence, _between(last, text))
            at, last = at + phrase.length + 1, text or last


def _between(last: str, next_: str) -> str:
    """A space, unless a Chinese sign or mark stands on either side of it."""
    beside = last[-1:] + next_[:1]
    wide = any(unicodedata.east_asian_width(sign) in "WF" for sign in beside)
    return " " if last and next_ and not wide else ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person heard in a recording, beside what a machine did. `by` is the post that was
    typed with it; `at` aware UTC."""

    text: str
    by: str
    at: datetime
