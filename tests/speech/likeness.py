"""How alike two pieces of speech are: the best correlation of their loudness, 20 ms at a time,
wherever the shorter one lies in the (repeating) longer one. Robust against the telephone."""

import io
import math
import wave
from collections.abc import Sequence
from statistics import median

RATE = 8000
FRAME = RATE // 50
"""Samples of 20 ms."""
WINDOW = 125
"""Frames that are compared at once: two and a half seconds, in which other speech is unlike."""
SAME = 0.72
"""What the same speech reaches through a busy browser; other speech stays below 0.65."""


def samples(wav: bytes) -> list[int]:
    """The samples of an 8 kHz, 16 bit, mono WAV."""
    with wave.open(io.BytesIO(wav)) as file:
        if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (RATE, 2, 1):
            raise ValueError("only 8 kHz, 16 bit, mono is compared")
        return list(memoryview(file.readframes(file.getnframes())).cast("h"))


def loudness(sound: Sequence[int]) -> list[float]:
    """The logarithm of each frame's energy."""
    return [
        math.log1p(sum(value * value for value in sound[at : at + FRAME]) / FRAME)
        for at in range(0, len(sound) - FRAME + 1, FRAME)
    ]


def likeness(heard: Sequence[int], spoken: Sequence[int]) -> float:
    """-1 to 1: the weaker half of `heard`, each half as alike as the middle one of its windows,
    each window at its best place in `spoken`, which repeats.

    The middle one, since a browser on a busy machine leaves out some hundredths of a second of its
    microphone here and there: one such gap makes every window that holds it unlike."""
    ours, theirs = loudness(heard), loudness(spoken)
    repeated = theirs + theirs[:WINDOW]
    if len(ours) < 2 * WINDOW:
        raise ValueError(f"{len(ours) * 0.02:.1f} s is too short to compare")
    starts = range(0, len(ours) - WINDOW + 1, WINDOW // 4)
    alike = [_best(ours[at : at + WINDOW], repeated) for at in starts]
    half = len(alike) // 2
    return min(median(alike[:half]), median(alike[half:]))


def _best(window: Sequence[float], within: Sequence[float]) -> float:
    return max(
        _correlation(window, within[at : at + len(window)])
        for at in range(len(within) - len(window) + 1)
    )


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean, mean_other = sum(one) / len(one), sum(other) / len(other)
    first = [value - mean for value in one]
    second = [value - mean_other for value in other]
    size = math.sqrt(sum(v * v for v in first) * sum(v * v for v in second))
    return sum(a * b for a, b in zip(first, second, strict=True)) / size if size else 0.0
