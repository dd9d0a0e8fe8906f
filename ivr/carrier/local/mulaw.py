"""µ-law WAV files (ITU-T G.711): a telephone's own sound, at one byte a sample.
The standard library reads none, so both ways are here."""

from __future__ import annotations

import array
import struct

from ivr.carrier.local.recordings import RATE, bytes_of

_FORMAT = 7  # WAVE_FORMAT_MULAW
_BIAS = 0x84
_HEAD = struct.Struct("<4sI4s4sIHHIIHHH4sII4sI")


def _linear(code: int) -> int:
    bits = ~code & 0xFF
    size = (((bits & 0x0F) << 3) + _BIAS << ((bits & 0x70) >> 4)) - _BIAS
    return -size if bits & 0x80 else size


LEVELS = tuple(_linear(code) for code in range(256))
"""The int16 sample that each byte stands for (G.711, table 2)."""


def mulaw_wav(codes: bytes) -> bytes:
    """Bytes of µ-law as a WAV file at 8 kHz, one channel."""
    size, odd = len(codes), len(codes) % 2
    head = _HEAD.pack(
        b"RIFF", _HEAD.size - 8 + size + odd, b"WAVE",
        b"fmt ", 18, _FORMAT, 1, RATE, RATE, 1, 8, 0,
        b"fact", 4, size,
        b"data", size,
    )  # fmt: skip
    return head + codes + bytes(odd)


def from_mulaw_wav(wav: bytes) -> bytes:
    """The int16 samples of a file made by `mulaw_wav`. Raises ValueError for any other."""
    size = int.from_bytes(wav[_HEAD.size - 4 : _HEAD.size], "little")
    codes = wav[_HEAD.size : _HEAD.size + size]
    if wav != mulaw_wav(codes):
        raise ValueError("no WAV of µ-law at 8 kHz with one channel; build it anew")
    return from_mulaw(codes)


def from_mulaw(codes: bytes) -> bytes:
    """The int16 samples of these bytes."""
    return bytes_of(array.array("h", [LEVELS[code] for code in codes]))
