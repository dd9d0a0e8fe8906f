"""Recorded sentences as the pages of phrases need them. Implemented by `deployment.prompts`, which
puts the bank and the stored recordings together."""

from typing import Protocol


class Prompts(Protocol):
    """What is recorded, and how long words take."""

    def has(self, sentence: str) -> bool:
        """Whether a recording of this sentence is at hand."""
        ...

    async def heard(self, sentence: str) -> bytes | None:
        """Its WAV, as any browser plays it; None where nobody recorded it."""
        ...

    def seconds(self, text: str, language: str) -> float:
        """About how long a text takes to say."""
        ...
