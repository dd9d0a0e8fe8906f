"""The carrier's own voice: recorded sentences; for the others the same voice where the extra
`speech` is installed and quick enough, else espeak-ng.

A prompt is one 8 kHz WAV, cached on disk by a hash of what is said and made outside the event
loop. Where a sentence is to be had from nobody, the browser speaks the whole prompt.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import shutil
import time
import wave
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ivr.carrier.local.bank import Bank, Part, frames, shipped_bank
from ivr.carrier.local.espeak import spoken_by, to_telephone
from ivr.carrier.local.mulaw import from_mulaw
from ivr.carrier.local.recordings import from_wav, silence, to_wav, trimmed
from ivr.carrier.local.speech.pieces import Lexicon, Piece, pieces
from ivr.carrier.local.speech.synthesiser import Synthesiser, Urgency
from ivr.carrier.local.stretching import slower
from ivr.flow.instruction import Language

_log = logging.getLogger(__name__)

_LANGUAGES: dict[str, Language] = {"zh": "zh-CN", "cmn": "zh-CN", "en": "en"}
_AT_ONCE = 2
_BREATH = 0.3  # seconds between two sentences
_COMMA = 0.15  # seconds between two pieces of one
WAITS = 1.5
"""Seconds that a caller waits for the better voice."""
_KEPT_SECONDS = 3600.0  # prompts may speak a caller's case number and PIN (design §3)
_MOST_CHARACTERS = 4000  # a Say's own limit (twilio-voice §5)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt's WAV. `best`: the next time it would sound the same; else by a better voice."""

    wav: bytes
    best: bool = True


class Voice:
    """Makes and keeps spoken prompts. `lexicon` tells how the register's names are read, `waits`
    how long the synthesiser has; then another voice speaks."""

    def __init__(
        self,
        folder: Path,
        program: str | None = None,
        bank: Bank | None = None,
        *,
        synthesiser: Synthesiser | None = None,
        lexicon: Callable[[], Lexicon] = tuple,
        waits: float = WAITS,
    ) -> None:
        self._folder = folder
        self._bank = bank or shipped_bank()
        self._program = program if program is not None else shutil.which("espeak-ng")
        self._synthesiser, self._lexicon, self._waits = synthesiser, lexicon, waits
        self._asked: dict[str, tuple[str, Language, float, str]] = {}
        self._making: dict[str, asyncio.Future[Spoken | None]] = {}
        self._seats = asyncio.Semaphore(_AT_ONCE)

    @property
    def available(self) -> bool:
        """Whether words that are not recorded can be spoken, too."""
        return bool(self._program or self._synthesiser)

    async def run(self) -> None:
        """The work beside the calls, until cancelled."""
        if self._synthesiser is not None:
            await self._synthesiser.run()

    def order(self, text: str, language: str, pace: float, edition: str = "") -> str | None:
        """The key under which this prompt will be found; None where no voice speaks it. `edition`
        is whose recordings are heard, where the bank has such a one."""
        spoken = _language(language)
        if spoken is None or not text:
            return None
        parts = self._bank.parts(text, spoken, edition)
        if not parts or not (self.available or all(part.recorded for part in parts)):
            return None
        said = f"{spoken}|{pace:.2f}|{self._edition(parts, edition)}|{text}"
        key = hashlib.sha256(said.encode()).hexdigest()[:32]
        self._asked[key] = (text[:_MOST_CHARACTERS], spoken, pace, edition)
        if len(self._asked) > 500:  # bound: forget the oldest that nobody fetched
            self._asked.pop(next(iter(self._asked)))
        return key

    def _edition(self, parts: Sequence[Part], edition: str) -> str:
        """What would sound otherwise when it changes."""
        recorded = self._bank.mark(edition) if any(part.recorded for part in parts) else ""
        return f"{recorded}|{self._synthesiser.edition if self._synthesiser else ''}"

    def foresee(self, text: str, language: str, urgency: Urgency = Urgency.SOON) -> None:
        """Have what is not recorded made already, as it will be said later."""
        spoken = _language(language)
        if spoken is None or self._synthesiser is None:
            return
        for part in self._bank.parts(text, spoken):
            if part.recorded is None:
                self._synthesiser.foresee(_all(pieces(part.text, spoken, self._lexicon())), urgency)

    async def wav(self, key: str) -> Spoken | None:
        """The prompt's WAV, made on first demand; None if unknown or not to be made."""
        path = self._folder / f"{key}.wav"
        if not key.isalnum():
            return None
        if path.exists():
            return Spoken(path.read_bytes())
        return await self._make_once(key, path) if key in self._asked else None

    def sweep(self) -> None:
        """Forget prompts made more than an hour ago, also half of one that a kill left; they are
        made again when needed."""
        if self._synthesiser is not None:
            self._synthesiser.sweep()
        eldest = time.time() - _KEPT_SECONDS  # files bear the machine's time, not the clock's
        for path in (*self._folder.glob("*.wav"), *self._folder.glob("*.new")):
            with suppress(FileNotFoundError):  # another thread may sweep as well
                if path.stat().st_mtime < eldest:
                    path.unlink()

    async def say(
        self, text: str, language: str, pace: float = 1.0, *, patience: float = 0.0
    ) -> bytes | None:
        """Order and make in one. Where nobody listens meanwhile, the better voice has `patience`
        seconds more."""
        await self._prepared(text, language, patience)
        key = self.order(text, language, pace)
        spoken = None if key is None else await self.wav(key)
        return None if spoken is None else spoken.wav

    async def _prepared(self, text: str, language: str, patience: float) -> None:
        spoken = _language(language)
        if spoken is None or self._synthesiser is None or not patience:
            return
        parts = self._bank.parts(text[:_MOST_CHARACTERS], spoken)
        cut = [pieces(part.text, spoken, self._lexicon()) for part in parts if not part.recorded]
        wanted = [piece for sentences in cut for piece in _all(sentences)]
        await self._synthesiser.spoken(wanted, patience)  # it is known then, and had at once

    async def _make_once(self, key: str, path: Path) -> Spoken | None:
        if (running := self._making.get(key)) is not None:
            return await asyncio.shield(running)
        done = self._making[key] = asyncio.get_running_loop().create_future()
        made = None
        try:
            async with self._seats:
                made = await self._make(key, path)
        finally:
            done.set_result(made)
            self._making.pop(key, None)
        return made

    async def _make(self, key: str, path: Path) -> Spoken | None:
        text, language, pace, edition = self._asked[key]
        parts = self._bank.parts(text, language, edition)
        others = [part.text for part in parts if part.recorded is None]
        better = await self._same_voice(others, language)
        said = []
        for part in parts:
            heard = await _played(part) if part.recorded else (better or {}).get(part.text)
            if heard is not None:
                said.append(await asyncio.to_thread(slower, heard, pace))
                continue
            if (spoken := await self._espeak(part.text, language, pace)) is None:
                return None
            said.append(spoken)
        best = better is not None or self._synthesiser is None
        return await asyncio.to_thread(self._keep, path, said, best=best)

    async def _same_voice(
        self, texts: Sequence[str], language: Language
    ) -> Mapping[str, bytes] | None:
        """Samples of each text, in the voice of the recordings; None where not all can be had
        while a caller waits: one prompt in three voices would be worse."""
        if not texts:
            return {}
        cut = {text: pieces(text, language, self._lexicon()) for text in texts}
        if self._synthesiser is None or not all(cut.values()):
            return None
        wanted = [piece for sentences in cut.values() for piece in _all(sentences)]
        spoken = await self._synthesiser.spoken(wanted, self._waits)
        if spoken is None:
            return None
        sounds = dict(zip(wanted, spoken, strict=True))
        return {
            text: await asyncio.to_thread(_joined, sentences, sounds)
            for text, sentences in cut.items()
        }

    async def _espeak(self, text: str, language: Language, pace: float) -> bytes | None:
        if not self._program:
            return None
        spoken = await spoken_by(self._program, text, language, pace)
        return None if spoken is None else await asyncio.to_thread(_trimmed, spoken)

    def _keep(self, path: Path, said: list[bytes], *, best: bool) -> Spoken:
        spoken = Spoken(to_wav(silence(_BREATH).join(said)), best)
        if best:
            self._folder.mkdir(parents=True, exist_ok=True)
            self.sweep()
            fresh = path.with_suffix(".new")
            fresh.write_bytes(spoken.wav)
            fresh.replace(path)
        return spoken


def _language(told: str) -> Language | None:
    return _LANGUAGES.get(told.partition("-")[0].lower())


async def _played(part: Part) -> bytes | None:
    assert part.recorded is not None
    try:
        return await asyncio.to_thread(frames, part.recorded)
    except (OSError, ValueError) as wrong:
        _log.error("a recorded sentence cannot be played: %s: %s", part.recorded, wrong)
        return None


def _all(sentences: Sequence[Sequence[Piece]]) -> list[Piece]:
    return [piece for sentence in sentences for piece in sentence]


def _joined(sentences: Sequence[Sequence[Piece]], sounds: Mapping[Piece, bytes]) -> bytes:
    said = [[from_mulaw(sounds[piece]) for piece in sentence] for sentence in sentences]
    return silence(_BREATH).join(silence(_COMMA).join(sentence) for sentence in said)


def _trimmed(spoken: bytes) -> bytes:
    return trimmed(from_wav(to_telephone(spoken)))


def length(wav: bytes) -> float:
    """Seconds of a WAV."""
    with wave.open(io.BytesIO(wav), "rb") as reader:
        return reader.getnframes() / reader.getframerate()


def estimate(text: str, language: str) -> float:
    """Seconds that ``text`` takes to say: 4.5 characters a second in Chinese, 2.5 words
    a second otherwise (prompts §2's yardstick)."""
    if language.partition("-")[0].lower() in {"zh", "cmn", "yue"}:
        return max(0.3, sum(c.isalnum() for c in text) / 4.5)
    return max(0.3, len(text.split()) / 2.5)
