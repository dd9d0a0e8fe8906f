"""What the pages of phrases ask of recorded sentences: the bank's. Implements
`ivr.ports.prompts.Prompts`; used by `deployment.admin`."""

import asyncio
from dataclasses import dataclass

from ivr.carrier.local.bank import Bank, frames
from ivr.carrier.local.recordings import to_wav
from ivr.carrier.local.voice import estimate
from ivr.library.sentences import language_of


@dataclass(frozen=True, slots=True)
class BankPrompts:
    """The sentences that a carrier plays."""

    bank: Bank

    def has(self, sentence: str) -> bool:
        """Whether it is recorded, by whomever."""
        return (language_of(sentence), sentence) in self.bank.paths

    async def heard(self, sentence: str) -> bytes | None:
        """As PCM, which every browser plays."""
        path = self.bank.paths.get((language_of(sentence), sentence))
        return None if path is None else to_wav(await asyncio.to_thread(frames, path))

    def seconds(self, text: str, language: str) -> float:
        """By the same yardstick as the line has it."""
        return estimate(text, language)
