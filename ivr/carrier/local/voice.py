"""The carrier's own voice: recorded sentences, and espeak-ng for the others where installed.

A prompt is one 8 kHz WAV, cached on disk by a hash of what is said and made outside the event
loop. Where a sentence is neither recorded nor to be made, the browser speaks the whole prompt.
"""

from __future__ import annotations

import array
import asyncio
import hashlib
import io
import logging
import os
import shutil
import sys
import time
import wave
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path

from ivr.carrier.local.bank import Bank, Part, frames, shipped_bank
from ivr.carrier.local.recordings import RATE, from_wav, silence, to_wav, trimmed
from ivr.flow.instruction import Language

_log = logging.getLogger(__name__)

# espeak-ng's `cmn` voice reads tone digits aloud in English; `cmn-latn-pinyin` reads
# hanzi properly (tried with 1.51: "您好" gives n'i35n X'Au214).
_VOICES = {"zh": "cmn-latn-pinyin", "cmn": "cmn-latn-pinyin", "en": "en-us"}
_RECORDED: dict[str, Language] = {"cmn-latn-pinyin": "zh-CN", "en-us": "en"}
_WORDS_A_MINUTE = {"cmn-latn-pinyin": 250, "en-us": 160}  # about 4.5 characters a second
# What it needs to be found, to find its voices and to start; our keys are no business of its.
_ENVIRONMENT = ("PATH", "ESPEAK_DATA_PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
_SECONDS_TO_MAKE = 20.0
_AT_ONCE = 2
_BREATH = 0.3  # seconds between two sentences
_KEPT_SECONDS = 3600.0  # prompts may speak a caller's case number and PIN (design §3)
_MOST_CHARACTERS = 4000  # a Say's own limit (twilio-voice §5)


class Voice:
    """Makes and keeps spoken prompts."""

    def __init__(self, folder: Path, program: str | None = None, bank: Bank | None = None) -> None:
        self._folder = folder
        self._bank = bank or shipped_bank()
        self._program = program if program is not None else shutil.which("espeak-ng")
        self._asked: dict[str, tuple[str, str, float]] = {}
        self._making: dict[str, asyncio.Future[None]] = {}
        self._seats = asyncio.Semaphore(_AT_ONCE)

    @property
    def available(self) -> bool:
        """Whether a speech program was found."""
        return bool(self._program)

    def order(self, text: str, language: str, pace: float) -> str | None:
        """The key under which this prompt will be found; None where no voice speaks it."""
        voice = _voice(language)
        if not text or voice is None:
            return None
        parts = self._parts(text, voice, pace)
        if not parts or not (self._program or all(part.recorded for part in parts)):
            return None
        edition = self._bank.edition if any(part.recorded for part in parts) else ""
        spoken = f"{voice}|{pace:.2f}|{edition}|{text}"
        key = hashlib.sha256(spoken.encode()).hexdigest()[:32]
        self._asked[key] = (text[:_MOST_CHARACTERS], language, pace)
        if len(self._asked) > 500:  # bound: forget the oldest that nobody fetched
            self._asked.pop(next(iter(self._asked)))
        return key

    async def wav(self, key: str) -> bytes | None:
        """The prompt's WAV, made on first demand; None if unknown or not to be made."""
        path = self._folder / f"{key}.wav"
        if not key.isalnum():
            return None
        if not path.exists() and key in self._asked:
            await self._make_once(key, path)
        return path.read_bytes() if path.exists() else None

    def sweep(self) -> None:
        """Forget prompts made more than an hour ago; they are made again when needed."""
        eldest = time.time() - _KEPT_SECONDS  # files bear the machine's time, not the clock's
        for path in self._folder.glob("*.wav"):
            with suppress(FileNotFoundError):  # another thread may sweep as well
                if path.stat().st_mtime < eldest:
                    path.unlink()

    async def say(self, text: str, language: str, pace: float = 1.0) -> bytes | None:
        """Order and make in one."""
        key = self.order(text, language, pace)
        return None if key is None else await self.wav(key)

    async def _make_once(self, key: str, path: Path) -> None:
        if (running := self._making.get(key)) is not None:
            await asyncio.shield(running)
            return
        done = self._making[key] = asyncio.get_running_loop().create_future()
        try:
            async with self._seats:
                await self._make(key, path)
        finally:
            done.set_result(None)
            self._making.pop(key, None)

    async def _make(self, key: str, path: Path) -> None:
        text, language, pace = self._asked[key]
        voice = _voice(language) or "en-us"
        said = []
        for part in self._parts(text, voice, pace):
            heard = await self._heard(part, voice, pace)
            if heard is None:
                return
            said.append(heard)
        await asyncio.to_thread(self._keep, path, said)

    def _parts(self, text: str, voice: str, pace: float) -> tuple[Part, ...]:
        """What is recorded is said at its own pace; slower, a program or the browser says it."""
        return self._bank.parts(text, _RECORDED[voice]) if pace == 1 else (Part(text, None),)

    async def _heard(self, part: Part, voice: str, pace: float) -> bytes | None:
        if part.recorded is not None:
            try:
                return await asyncio.to_thread(frames, part.recorded)
            except (OSError, ValueError) as wrong:
                _log.error("a recorded sentence cannot be played: %s: %s", part.recorded, wrong)
        spoken = await self._run(part.text, voice, pace) if self._program else None
        return None if spoken is None else await asyncio.to_thread(_spoken_part, spoken)

    def _keep(self, path: Path, said: list[bytes]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.sweep()
        fresh = path.with_suffix(".new")
        fresh.write_bytes(to_wav(silence(_BREATH).join(said)))
        fresh.replace(path)

    async def _run(self, text: str, voice: str, pace: float) -> bytes | None:
        speed = str(round(_WORDS_A_MINUTE[voice] * pace))
        program = await asyncio.create_subprocess_exec(
            str(self._program),
            *("-v", voice, "-s", speed, "-b", "1", "--stdin", "--stdout"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
        try:
            async with asyncio.timeout(_SECONDS_TO_MAKE):
                spoken, _ = await program.communicate(text.encode())
        except TimeoutError:
            return None
        finally:  # also when cancelled: the program must not outlive us
            if program.returncode is None:
                program.kill()
                await program.wait()
        return spoken if program.returncode == 0 and len(spoken) > 44 else None


def _voice(language: str) -> str | None:
    return _VOICES.get(language.partition("-")[0].lower())


def _spoken_part(spoken: bytes) -> bytes:
    return trimmed(from_wav(to_telephone(spoken)))


def to_telephone(spoken: bytes) -> bytes:
    """Any mono 16-bit WAV as an 8 kHz one; each sample is the mean of those it covers.

    A program that writes to a pipe cannot know the length, so the header's is ignored.
    """
    rate = int.from_bytes(spoken[24:28], "little")
    samples = array.array("h", spoken[44 : 44 + (len(spoken) - 44) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    sums = [0, *accumulate(samples)]
    count = len(samples) * RATE // rate if rate else 0
    edges = [at * rate // RATE for at in range(count + 1)]
    pairs = pairwise(edges)
    mean = array.array("h", ((sums[b] - sums[a]) // (b - a) if b > a else 0 for a, b in pairs))
    if sys.byteorder == "big":
        mean.byteswap()
    return to_wav(mean.tobytes())


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
