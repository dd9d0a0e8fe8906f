"""Speech said slower at the same pitch: periods of the voice are said twice, as often as the pace
asks. Pure Python, so that every recorded sentence has its slower one without a second file."""

import array
from collections.abc import Sequence
from operator import mul
from typing import Final

from ivr.carrier.local.recordings import RATE, bytes_of, samples_of

_STEP: Final = RATE // 100  # 10 ms: how often it is looked whether a period is due
_LONGEST: Final = RATE // 50  # a voice of 50 Hz
_SHORTEST: Final = RATE // 320
_WINDOW: Final = RATE // 62  # 16 ms are compared, every second sample
_ALIKE: Final = 0.8  # of 1: two periods that nobody hears apart
_OVERDUE: Final = RATE // 20
"""Samples that may be owed while the sound changes: a consonant is not said twice."""


def slower(frames: bytes, pace: float) -> bytes:
    """Int16 samples at 8 kHz, at `pace` of their own speed, above 0.5; as they are from 1 on."""
    if pace >= 1:
        return frames
    samples = samples_of(frames)
    said: array.array[int] = array.array("h")
    owed = 0.0
    begun = 0
    for at in range(0, len(samples) - _LONGEST - _WINDOW, _STEP):
        owed += _STEP * (1 / pace - 1)
        if owed < _SHORTEST or at < _LONGEST:
            continue
        period, alike = _period(samples, at)
        if owed >= period / 2 and (alike > _ALIKE or owed > _OVERDUE):
            said.extend(samples[begun:at])
            said.extend(_again(samples, at, period))
            begun = at
            owed -= period
    said.extend(samples[begun:])
    return bytes_of(said)


def _period(samples: Sequence[int], at: int) -> tuple[int, float]:
    """The length after which the sound is most like itself, and how like it is then."""
    now = samples[at : at + _WINDOW : 2]
    strength = sum(map(mul, now, now)) + 1.0
    best, most = _SHORTEST, -1.0
    for lag in range(_SHORTEST, _LONGEST, 2):
        before = samples[at - lag : at - lag + _WINDOW : 2]
        both = sum(map(mul, now, before))
        if both <= 0:
            continue
        alike = both / (strength * (sum(map(mul, before, before)) + 1.0)) ** 0.5
        if alike > most + 0.02:  # of two that are as good the shorter, not its double
            best, most = lag, alike
    return best, most


def _again(samples: Sequence[int], at: int, period: int) -> list[int]:
    """One more period before `at`: it begins as what follows and ends as what went before, so
    that both its ends fit."""
    return [
        (samples[at + n] * (period - n) + samples[at - period + n] * n) // period
        for n in range(period)
    ]
