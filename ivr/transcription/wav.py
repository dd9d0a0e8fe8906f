"""Where the sound lies in a WAV, so that it can be read and handed on in stretches: nobody holds
the whole of a long recording. The counterpart of what a decoder makes of each stretch."""

import struct
from dataclasses import dataclass
from typing import Final

PCM, A_LAW, MU_LAW = 1, 6, 7
"""The formats that telephone recordings come in."""
_RIFF: Final = 12
_CHUNK: Final = 8
_FORMAT: Final = 16
"""Bytes of what a format chunk must tell."""
_RATES: Final = range(4_000, 192_001)


class NoWav(Exception):
    """It is no WAV of one of the formats that are read; a person listens to it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`first` and `size` are bytes of the sound within the file; `block` bytes are one sample of
    all channels, of which there are `rate` a second. `told` is its format chunk."""

    first: int
    size: int
    block: int
    rate: int
    told: bytes

    @property
    def seconds(self) -> float:
        """Of the whole sound."""
        return self.size / (self.block * self.rate)

    def bytes_of(self, seconds: float) -> int:
        """Whole samples."""
        return int(seconds * self.rate) * self.block

    def stretch(self, sound: bytes) -> bytes:
        """Some of the sound as a WAV of its own."""
        told = b"fmt " + struct.pack("<I", len(self.told)) + self.told
        data = b"data" + struct.pack("<I", len(sound)) + sound
        return b"RIFF" + struct.pack("<I", 4 + len(told) + len(data)) + b"WAVE" + told + data


def layout_of(head: bytes, size: int) -> Layout:
    """Of a file of `size` bytes that begins with `head`. A length that a recorder never came back
    to write (0, or all ones) means: to the end. Raises NoWav."""
    if head[:4] != b"RIFF" or head[8:_RIFF] != b"WAVE":
        raise NoWav("it does not begin as a WAV does")
    at, told = _RIFF, b""
    while at + _CHUNK <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        at += _CHUNK
        if name == b"data":
            return _checked(told, at, _length(length, max(size - at, 0)))
        if name == b"fmt ":
            told = head[at : at + min(length, _FORMAT)]
        at += length + length % 2
    raise NoWav("it holds no sound within its first bytes")


def _length(told: int, left: int) -> int:
    return left if told == 0 else min(told, left)


def _checked(told: bytes, first: int, size: int) -> Layout:
    if len(told) < _FORMAT:
        raise NoWav("it does not tell its format before its sound")
    kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", told)
    known = (kind, bits) in {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (A_LAW, 8), (MU_LAW, 8)}
    if not known or channels not in {1, 2} or rate not in _RATES or block != channels * bits // 8:
        raise NoWav(f"its format ({kind}: {channels} channels of {bits} bits at {rate} Hz) is none")
    return Layout(first, size - size % block, block, rate, told)
