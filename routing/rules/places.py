"""Where the parts of a large plan's rules stand in their order: each has a number, with room for
its own rules and for parts that come before the next one, so that an edit leaves all others'
numbers as they are (ADR 50)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from routing.rules.parts import MOST_TOGETHER

ROOM: Final = 1 << 18
"""Numbers from one part to the next; 800 parts stay below 2^30, up to where Python's are short."""
Places = Mapping[str, int]
"""The number of each part's first rule, by the part's name, in order."""


def spread(names: Sequence[str]) -> Places:
    """The numbers of these parts, of which none was there before."""
    return {name: nth * ROOM for nth, name in enumerate(names, start=1)}


def kept(before: Places, names: Sequence[str]) -> Places | None:
    """The numbers of these parts, where those that were there have the ones that they had; None
    where they stand in another order, or no room is left."""
    taken = [*before.values()]
    found: list[int] = []
    for low, many, high in _between(before, names):
        numbers = _numbers(taken, low, many, high)
        if numbers is None:
            return None
        found += numbers if high is None else (*numbers, high)
    return dict(zip(names, found, strict=True))


def _between(before: Places, names: Sequence[str]) -> Iterator[tuple[int, int, int | None]]:
    """How many new parts stand between each two old ones, and the numbers of these."""
    stand = [at for at, name in enumerate(names) if name in before]
    for left, right in pairwise([-1, *stand, len(names)]):
        low = before[names[left]] if left >= 0 else 0
        yield low, right - left - 1, before[names[right]] if right < len(names) else None


def _numbers(taken: Sequence[int], low: int, many: int, high: int | None) -> Sequence[int] | None:
    """So many numbers between two: those of the parts that went, where they were as many."""
    if high is None:
        high = low + (many + 1) * ROOM
    if high <= low:
        return None
    went = taken[bisect_right(taken, low) : bisect_left(taken, high)]
    if len(went) == many:
        return went
    step = (high - low) // (many + 1)
    return None if step < MOST_TOGETHER else [low + step * nth for nth in range(1, many + 1)]
