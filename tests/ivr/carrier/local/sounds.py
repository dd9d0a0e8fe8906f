"""Sound for tests: a tone loud enough to count, and silence, as int16 at 8 kHz."""

from __future__ import annotations

import array
import math


def tone(seconds: float, *, hertz: float = 440.0, level: int = 8000) -> bytes:
    count = int(seconds * 8000)
    wave = (int(level * math.sin(2 * math.pi * hertz * i / 8000)) for i in range(count))
    return array.array("h", wave).tobytes()


def hush(seconds: float) -> bytes:
    return bytes(int(seconds * 8000) * 2)
