"""Recorded sentences, put together: what pages ask of them (`ivr.ports.prompts.Prompts`), and what
lets the newest plan's be heard on this server."""

import asyncio
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from deployment.house import House
from deployment.loops import Loop
from deployment.voices import FOLDER
from ivr.carrier.local.bank import Bank, frames
from ivr.carrier.local.mulaw import from_mulaw_wav
from ivr.carrier.local.own import published_path, write_published
from ivr.carrier.local.recordings import RATE, WIDTH, to_wav
from ivr.carrier.local.uploads import is_telephone_wav, telephone_upload
from ivr.carrier.local.voice import estimate
from ivr.conversation.stores import Plans
from ivr.flow.world import Plan
from ivr.library.sentences import language_of
from ivr.ports.prompts import Sound
from routing.ports import Clock
from storage.prompts import StoredPrompts

LOG: Final = structlog.get_logger()
AGAIN: Final = 1.0
"""Seconds until a plan's recordings are looked for again, where the database could not be asked."""
SWEPT: Final = 3600.0
"""Seconds between two looks for recordings that nothing names."""


@dataclass(frozen=True, slots=True)
class HousePrompts:
    """The sentences that a carrier plays, and what admins upload."""

    bank: Bank
    store: StoredPrompts
    clock: Clock

    def has(self, sentence: str) -> bool:
        """Whether it is recorded, by whomever."""
        return (language_of(sentence), sentence) in self.bank.paths

    async def heard(self, sentence: str) -> bytes | None:
        """As PCM, which every browser plays."""
        path = self.bank.paths.get((language_of(sentence), sentence))
        return None if path is None else to_wav(await asyncio.to_thread(frames, path))

    async def keep(self, upload: bytes) -> Sound:
        """Converted in a thread, in memory alone."""
        wav = await asyncio.to_thread(telephone_upload, upload)
        sha256 = hashlib.sha256(wav).hexdigest()
        await self.store.keep(sha256, wav, self.clock.now())
        return Sound(sha256, round(len(from_mulaw_wav(wav)) / (RATE * WIDTH), 1))

    async def kept(self, sha256: str) -> bytes | None:
        """As PCM."""
        wav = await self.store.wav(sha256)
        return None if wav is None else to_wav(from_mulaw_wav(wav))

    def seconds(self, text: str, language: str) -> float:
        """By the same yardstick as the line has it."""
        return estimate(text, language)


def unusable(wav: bytes) -> bool:
    """Whether it is no recording as uploads are kept, byte for byte."""
    return not is_telephone_wav(wav)


@dataclass(frozen=True, slots=True)
class PlanSounds:
    """The recordings of a plan's file (`routing.exchange.sounds.Sounds`)."""

    store: StoredPrompts
    clock: Clock

    def unusable(self, wav: bytes) -> bool:
        """As uploads are kept, byte for byte."""
        return unusable(wav)

    async def wavs(self, hashes: Collection[str]) -> Mapping[str, bytes]:
        """One look each: all of them may be megabytes."""
        found = {sha256: await self.store.wav(sha256) for sha256 in sorted(hashes)}
        return {sha256: wav for sha256, wav in found.items() if wav is not None}

    async def keep(self, wavs: Mapping[str, bytes]) -> None:
        """What is taken at once, as a command does: one transaction each, so that no call waits for
        all of them."""
        for sha256, wav in wavs.items():
            await self.store.keep(sha256, wav, self.clock.now())

    async def preview(self, wavs: Mapping[str, bytes], account: str) -> None:
        """Transactions as short as those of `keep`."""
        await self.store.replace_previews(account, wavs.keys())
        for sha256, wav in wavs.items():
            await self.store.preview(sha256, wav, self.clock.now(), account)

    async def hold(self, hashes: Collection[str]) -> frozenset[str]:
        """In one transaction."""
        return await self.store.hold(hashes, self.clock.now())


@dataclass(frozen=True, slots=True)
class PublishedPrompts:
    """Lets the recordings of the plan that takes new calls be heard: their files are put beside an
    admin's own, then the bank takes them all at once. Until then a voice reads the words."""

    bank: Bank
    store: StoredPrompts
    plans: Plans
    data_dir: Path

    async def run(self) -> None:
        """Until cancelled: at once for each plan that takes new calls here, and for those that
        calls go on with."""
        while True:
            self.plans.changed.clear()
            await self.take(self.plans.current)
            for plan in self.plans.known():
                self.bank.know(await self._files(plan))
            await self.plans.changed.wait()

    async def take(self, plan: Plan) -> None:
        """One plan's. Raises StorageError, OSError."""
        files = await self._files(plan)
        for sha256 in {*plan.recordings.values()} - files.keys():
            LOG.warning("voices.not_kept", plan=plan.number, sha256=sha256)
        meant = plan.recordings
        self.bank.take({said: files[key] for said, key in meant.items() if key in files}, meant)
        await self.store.publish(frozenset(meant.values()))

    async def _files(self, plan: Plan) -> dict[str, Path]:
        found = {key: await self._file(key) for key in {*plan.recordings.values()}}
        return {key: path for key, path in found.items() if path is not None}

    async def _file(self, sha256: str) -> Path | None:
        path = published_path(self.data_dir / FOLDER, sha256)
        if not await asyncio.to_thread(path.exists):
            wav = await self.store.wav(sha256)
            if wav is None:
                return None
            await asyncio.to_thread(write_published, path, wav)
        return path


def prompt_loops(house: House) -> Iterator[Loop]:
    """What is done of them beside the calls."""
    store = StoredPrompts(house.database)
    folder = house.settings.data_dir
    yield Loop(AGAIN, PublishedPrompts(house.fallback.bank, store, house.plans, folder).run)
    yield Loop(SWEPT, lambda: store.sweep(house.clock.now()), first=SWEPT)
