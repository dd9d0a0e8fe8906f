"""Recorded sentences as the pages of phrases need them. Implemented by `deployment.prompts`, which
puts the bank and the stored recordings together."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

MOST_BYTES: Final = 1_000_000
"""Of an upload: a minute of 16-bit sound at 8 kHz."""


class Fault(StrEnum):
    """Why an upload is not taken."""

    TOO_LARGE = "too_large"
    NO_WAV = "no_wav"
    FORMAT = "format"
    TOO_LONG = "too_long"
    SILENT = "silent"


class UnusableUpload(Exception):
    """It is no recording of a sentence; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"the upload is not taken: {fault}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording that is kept: the hash of its sound, and how long it takes."""

    sha256: str
    seconds: float


class Prompts(Protocol):
    """What is recorded, and how long words take."""

    def has(self, sentence: str) -> bool:
        """Whether a recording of this sentence is at hand without a draft's."""
        ...

    async def heard(self, sentence: str) -> bytes | None:
        """Its WAV, as any browser plays it; None where nobody recorded it."""
        ...

    async def keep(self, upload: bytes) -> Sound:
        """Check an uploaded file and keep its sound. Raises UnusableUpload."""
        ...

    async def kept(self, sha256: str) -> bytes | None:
        """The WAV of a sound that was kept, as any browser plays it."""
        ...

    def seconds(self, text: str, language: str) -> float:
        """About how long a text takes to say."""
        ...
