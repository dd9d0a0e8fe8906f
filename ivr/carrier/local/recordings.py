"""Recordings of the embedded carrier: 8 kHz, 16-bit, mono WAV files until deleted.

While a recording runs its audio is appended to a raw file chunk by chunk, so a
killed server loses at most the chunk it was receiving (prompts §1, design §3 Audio).
"""

from __future__ import annotations

import array
import io
import json
import logging
import math
import shutil
import sys
import wave
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ivr.carrier.local.ledger import append_bytes

_log = logging.getLogger(__name__)
RATE = 8000  # samples a second
WIDTH = 2  # bytes a sample
LOUD = 250.0  # RMS of int16 beyond which a chunk counts as sound
FLOOR = 64 * 1024 * 1024
"""Bytes free below which nothing is recorded: calls, cases and copies need some room too."""
_WINDOW = RATE // 50  # 20 ms: the grain of trimming


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording's row; ``seconds`` is -1 while it runs, ``words`` the typed transcript."""

    sid: str
    call: str
    created: str
    seconds: int = -1
    words: str = ""
    transcription: str = ""

    @property
    def completed(self) -> bool:
        return self.seconds >= 0

    @property
    def absent(self) -> bool:
        """Nothing came of it (twilio-voice §7): nothing was heard, or there was no room."""
        return self.seconds == 0 and not self.words


class Recordings:
    """The folder of recordings. ``hold_back`` is how many times media answer 404 after
    completion, as Twilio's may (twilio-voice §7, Media); ``floor`` is how many bytes stay free."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.hold_back = 0
        self.floor = FLOOR
        self._held: dict[str, int] = {}

    def begin(self, recording: Recording) -> None:
        """Open a recording; audio may be appended from now on."""
        self._keep(recording)
        append_bytes(self._raw(recording.sid), b"")

    def has_room(self) -> bool:
        """Whether the disk can take more sound."""
        return shutil.disk_usage(self._folder).free > self.floor

    def append(self, sid: str, frames: bytes) -> None:
        """Add audio; an odd byte at the end is dropped."""
        append_bytes(self._raw(sid), frames[: len(frames) // WIDTH * WIDTH])

    def kept(self, sid: str) -> float:
        """Seconds recorded so far."""
        raw = self._raw(sid)
        return raw.stat().st_size / (RATE * WIDTH) if raw.exists() else 0.0

    def finish(self, sid: str, *, trim: bool, words: str, transcription: str) -> Recording:
        """Turn the raw audio into the WAV; repeating it changes nothing."""
        recording = self.find(sid)
        if recording is None:
            raise KeyError(f"recording {sid} was never begun")
        if recording.completed:
            return recording
        samples = self._raw(sid).read_bytes() if self._raw(sid).exists() else b""
        kept = self._copied(sid, trimmed(samples) if trim else samples)
        samples = samples if kept is None else kept
        seconds = round(len(samples) / (RATE * WIDTH))
        done = replace(recording, seconds=seconds, words=words, transcription=transcription)
        self._keep(done)
        if kept is not None:
            self._raw(sid).unlink(missing_ok=True)
        return done

    def _copied(self, sid: str, samples: bytes) -> bytes | None:
        """The samples as a WAV file; None if it cannot be written: then the raw one stays."""
        fresh = self._folder / f"{sid}.new"
        try:
            fresh.write_bytes(to_wav(samples))
            fresh.replace(self._wav(sid))
        except OSError as wrong:
            _log.error("the recording %s stays as it came: %s", sid, wrong.strerror)
            return None
        return samples

    def find(self, sid: str) -> Recording | None:
        """The recording's row, None if unknown or deleted."""
        path = self._row(sid)
        if not sid.replace("-", "").isalnum() or not path.exists():
            return None
        return Recording(**json.loads(path.read_text(encoding="utf-8")))

    def all(self) -> list[Recording]:
        """Every recording, newest first."""
        rows = [self.find(path.stem) for path in self._folder.glob("*.json")]
        return sorted((row for row in rows if row), key=lambda row: row.created, reverse=True)

    def media(self, sid: str) -> bytes | None:
        """The WAV; None while it runs, while held back, and after deletion."""
        recording = self.find(sid)
        if recording is None or not recording.completed:
            return None
        asked = self._held[sid] = self._held.get(sid, 0) + 1
        if asked <= self.hold_back:
            return None
        if self._raw(sid).exists():
            return to_wav(self._raw(sid).read_bytes())
        return self._wav(sid).read_bytes()

    def delete(self, sid: str) -> bool:
        """Delete row and audio; False if there was none."""
        found = self.find(sid) is not None
        if found:
            for path in (self._raw(sid), self._wav(sid), self._row(sid)):
                path.unlink(missing_ok=True)
        return found

    def _keep(self, recording: Recording) -> None:
        text = json.dumps(asdict(recording), ensure_ascii=False)
        fresh = self._folder / f"{recording.sid}.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._row(recording.sid))

    def _raw(self, sid: str) -> Path:
        return self._folder / f"{sid}.pcm"

    def _wav(self, sid: str) -> Path:
        return self._folder / f"{sid}.wav"

    def _row(self, sid: str) -> Path:
        return self._folder / f"{sid}.json"


def samples_of(frames: bytes) -> array.array[int]:
    """Little-endian int16 bytes as numbers."""
    samples = array.array("h", frames[: len(frames) // WIDTH * WIDTH])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def bytes_of(samples: array.array[int]) -> bytes:
    """Int16 numbers as little-endian bytes."""
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    return samples.tobytes()


def loudness(frames: bytes) -> float:
    """Root mean square of int16 samples, 0 to 32768."""
    samples = samples_of(frames)
    return math.sqrt(sum(s * s for s in samples) / len(samples)) if samples else 0.0


def trimmed(frames: bytes) -> bytes:
    """Without silence at both ends; a silent recording is kept whole (twilio-voice §5)."""
    step = _WINDOW * WIDTH
    loud = [at for at in range(0, len(frames), step) if loudness(frames[at : at + step]) > LOUD]
    return frames[loud[0] : loud[-1] + step] if loud else frames


def silence(seconds: float) -> bytes:
    """That much silence."""
    return bytes(int(seconds * RATE) * WIDTH)


def to_wav(frames: bytes) -> bytes:
    """Samples as a WAV file."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(WIDTH)
        writer.setframerate(RATE)
        writer.writeframes(frames)
    return sink.getvalue()


def from_wav(wav: bytes) -> bytes:
    """The samples of a WAV file made by ``to_wav``."""
    with wave.open(io.BytesIO(wav), "rb") as reader:
        return reader.readframes(reader.getnframes())
