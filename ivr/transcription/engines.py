"""The Transcriber's engines that need no package: the carrier's own words, and none."""

from typing import Protocol

from ivr.flow.instruction import Language
from ivr.ports.recordings import Transcript
from ivr.transcription.loops import loops


class CarrierText(Protocol):
    """Asks the carrier for the words it heard in a recording."""

    async def __call__(self, sid: str) -> str | None: ...


class Carrier:
    """`carrier`: what the carrier recognised, where it recognises our languages at all."""

    name = "carrier"

    def __init__(self, text: CarrierText) -> None:
        self._text = text

    async def transcribe(self, sid: str, language: Language) -> Transcript | None:
        """The carrier's words, or None where it heard none, or the same without end."""
        text = await self._text(sid)
        if text is None or loops(text):
            return None
        return Transcript(text, self.name, language)


class NoTranscriber:
    """`none`: the recording alone is the record."""

    name = "none"

    async def transcribe(self, sid: str, language: Language) -> Transcript | None:
        """No words, for any recording."""
        return None
