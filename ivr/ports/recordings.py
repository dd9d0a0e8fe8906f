"""Recorded sound and its words. Implemented by `storage.recordings` and `ivr.transcription`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from ivr.flow.instruction import Language
from ivr.flow.value import value
from routing.cases.words import Phrase


@value
class RecordingRef:
    """A recording as the carrier announced it; `url` is where its media can be fetched."""

    sid: str
    url: str
    seconds: int


class Recordings(Protocol):
    """Where audio is kept: files in DATA_DIR on SQLite (design §3, Audio)."""

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        """Keep the WAV whole or not at all; returns its size in bytes."""
        ...

    async def read(self, sid: str) -> bytes | None:
        """The WAV, or None where it is not (or no longer) kept."""
        ...

    async def delete(self, sid: str) -> None: ...


class RecordingShelf(Recordings, Protocol):
    """The kept audio together with what the carrier said of it."""

    async def ref(self, sid: str) -> RecordingRef | None:
        """Where the carrier has it, or None if no webhook told."""
        ...

    async def kept(self, sid: str) -> Language | None:
        """Mark it as kept here; returns the language spoken in it, where known."""
        ...


class Sound(Protocol):
    """Kept audio for whoever reads it once, a piece at a time."""

    async def size(self, sid: str) -> int | None:
        """Bytes of the WAV, or None where it is not (or no longer) kept."""
        ...

    async def piece(self, sid: str, number: int) -> bytes:
        """A quarter of a megabyte of it, from number 0 on; nothing beyond its end, or where it is
        no longer kept."""
        ...


@dataclass(frozen=True, slots=True)
class Transcript:
    """Words of a recording. `source` names who heard them (`carrier`, an engine's name); `phrases`
    are those of the text in its order, none where the engine tells no more than text."""

    text: str
    source: str
    language: Language | None = None
    phrases: tuple[Phrase, ...] = ()

    @property
    def confidence(self) -> float | None:
        """Of the phrase that the engine is least sure of."""
        told = [phrase.confidence for phrase in self.phrases if phrase.confidence is not None]
        return min(told, default=None)


class Transcriber(Protocol):
    """Turns a kept recording into words; None where it has none to give."""

    name: str

    async def transcribe(self, sid: str, language: Language) -> Transcript | None: ...
