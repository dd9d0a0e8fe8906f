"""Any plain WAV as a telephone has it: µ-law at 8 kHz, one channel, as loud as the shipped
sentences. Pure Python and slow: a second of sound takes some 0.1 s, once."""

from __future__ import annotations

import array
import io
import math
import wave
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import mul

from ivr.carrier.local.mulaw import LEVELS, mulaw_wav
from ivr.carrier.local.recordings import RATE, bytes_of, samples_of, trimmed

_LONGEST = 60.0  # seconds
_BAND = 3_400.0  # hertz: what a telephone carries
_LOUD, _PEAK = 3_277.0, 29_490  # of 32,768, as the shipped ones (`speech.kokoro`)
SILENT = 60.0  # RMS of 32,768 below which nobody spoke
_TAPS = 4.0  # periods of the lowest rate on each side of the filter


class UnusableSound(Exception):
    """A recording cannot be played; the message says why, as a sentence that begins with it."""


def telephone_wav(wav: bytes) -> bytes:
    """A WAV of PCM, at any rate and width, of any channels. Raises UnusableSound."""
    samples, rate = _mono(wav)
    return levelled(_narrowed(samples, rate))


def levelled(samples: array.array[int]) -> bytes:
    """A WAV of what is spoken at 8 kHz, without the pauses around it and as loud as the shipped
    sentences. Raises UnusableSound."""
    spoken = samples_of(trimmed(bytes_of(samples)))
    if not spoken or (loud := _loudness(spoken)) < SILENT:
        raise UnusableSound("is silent: nobody speaks in it")
    gain = min(_LOUD / loud, _PEAK / max(abs(sample) for sample in spoken))
    return mulaw_wav(coded(round(sample * gain) for sample in spoken))


def _mono(wav: bytes) -> tuple[array.array[int], int]:
    try:
        with wave.open(io.BytesIO(wav), "rb") as reader:
            channels, width, rate = (
                reader.getnchannels(), reader.getsampwidth(), reader.getframerate()
            )  # fmt: skip
            if reader.getnframes() / max(rate, 1) > _LONGEST:
                raise UnusableSound(f"is longer than {_LONGEST:.0f} s: a sentence takes seconds")
            frames = reader.readframes(reader.getnframes())
    except (wave.Error, EOFError, ArithmeticError) as wrong:
        raise UnusableSound(
            f"is no WAV of plain PCM ({wrong}): save it as 16-bit PCM, mono or stereo"
        ) from wrong
    if not 4_000 <= rate <= 192_000 or not 1 <= channels <= 8 or width not in (1, 2, 3, 4):
        raise UnusableSound(
            f"has {channels} channels of {8 * width} bits at {rate} Hz: save it anew"
        )
    high = _high_bytes(frames, width)
    whole = len(high) // channels * channels
    if channels == 1:
        return high, rate
    each = [high[at:whole:channels] for at in range(channels)]
    return array.array("h", (sum(sample) // channels for sample in zip(*each, strict=True))), rate


def _high_bytes(frames: bytes, width: int) -> array.array[int]:
    """The upper 16 bits of each sample; one byte is unsigned in a WAV."""
    if width == 1:
        return array.array("h", ((byte - 128) << 8 for byte in frames))
    whole = len(frames) // width * width
    pairs = bytearray(whole // width * 2)
    pairs[0::2] = frames[width - 2 : whole : width]
    pairs[1::2] = frames[width - 1 : whole : width]
    return samples_of(bytes(pairs))


def _narrowed(samples: Sequence[int], rate: int) -> array.array[int]:
    """At 8 kHz, without what a telephone does not carry: it would come back as another tone."""
    low = min(rate, RATE)
    half = math.ceil(_TAPS * rate / low * 4)
    padded = array.array("h", [0] * half) + array.array("h", samples)
    padded.extend([0] * (half + 1))
    steps = RATE // math.gcd(RATE, rate)
    kernels = [_kernel(part / steps, half, min(_BAND, 0.45 * rate) / rate) for part in range(steps)]
    said = array.array("h")
    for at in range(len(samples) * RATE // rate):
        whole, part = divmod(at * rate, RATE)
        kernel = kernels[part * steps // RATE]
        total = sum(map(mul, kernel, padded[whole : whole + len(kernel)]))
        said.append(max(-32768, min(32767, round(total))))
    return said


def _kernel(shift: float, half: int, cutoff: float) -> list[float]:
    """A windowed sinc around `shift` of a sample; `cutoff` as a share of the rate."""
    weights = []
    for at in range(-half, half + 1):
        distance = at - shift
        turn = 2 * cutoff * distance
        sinc = math.sin(math.pi * turn) / (math.pi * turn) if turn else 1.0
        window = 0.5 + 0.5 * math.cos(math.pi * min(1.0, abs(distance) / (half + 1)))
        weights.append(sinc * window)
    total = sum(weights)
    return [weight / total for weight in weights]


def _loudness(samples: Sequence[int]) -> float:
    """Of what is spoken, without the pauses."""
    floor = max(abs(sample) for sample in samples) // 100
    voiced = [sample for sample in samples if abs(sample) > floor]
    return math.sqrt(sum(map(mul, voiced, voiced)) / len(voiced)) if voiced else 0.0


_ORDER = sorted(range(256), key=LEVELS.__getitem__)
_MIDDLES = [(LEVELS[low] + LEVELS[high]) / 2 for low, high in pairwise(_ORDER)]


def coded(samples: Iterable[int]) -> bytes:
    """The nearest of the 256 levels for each sample."""
    return bytes(_ORDER[bisect(_MIDDLES, sample)] for sample in samples)
