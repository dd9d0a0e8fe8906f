"""How long something takes, as counts by bounds: whole numbers, so that the hot path pays a fifth
of a microsecond, and so that several processes' can be added up (ADR 17)."""

from bisect import bisect_left
from typing import Final

BOUNDS: Final = (
    0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 15.0,
)  # fmt: skip
"""Seconds. A p99 between 5 and 50 ms is told to within a half; a carrier waits for 15 s."""


class Durations:
    """Counts of what took at most each bound, and of what took longer; and the sum in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def note(self, seconds: float) -> None:
        """One more."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds
