"""What keeps a step's pauses short in one process with two threads: the interpreter's own."""

import asyncio
import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

SWITCH: Final = 0.002
"""Seconds after which a thread must let another have its turn. The default of 5 ms is what a
journal that comes back from the disk would wait for a busy loop, and the loop for the journal;
below 2 ms the turns themselves cost a tenth of a step and nothing is answered sooner."""
YOUNG: Final = 20_000
"""New objects between two looks at the youngest; each look is short, whatever this is."""


def keep_short() -> None:
    """Call once the server is put together: what exists now stays until the end, and is not
    looked at again. A full collection would otherwise walk over every module for 100 ms."""
    sys.setswitchinterval(SWITCH)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 100)


SHORT: Final = 0.000_2
"""The same while a thread compiles or compares plans for seconds: a step gets its turn from that
thread several times, each time after so long."""
BUSY_YOUNG: Final = 5_000
"""New objects between two looks meanwhile: a quarter of a millisecond each."""
NEVER: Final = 1_000_000
MANY: Final = 20
"""Looks at the youngest after which more was made than may be looked at in one pause: 100,000
objects are ten milliseconds."""
_usual: Final[list[tuple[float, tuple[int, int, int]]]] = []
"""What is gone back to, once for each who is at work."""


async def beside(work: Callable[[], T]) -> T:
    """What `work` returns, done in a thread; calls go before it meanwhile."""
    with giving_way():
        return await asyncio.to_thread(work)


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """In the loop's thread: threads take short turns, and only the youngest objects are looked at,
    until the last of those who give way is done. The million objects of a large plan are then taken
    out of what is looked at, as at the start: they go when their plan does, having no cycles."""
    _usual.append(_usual[0] if _usual else (sys.getswitchinterval(), gc.get_threshold()))
    sys.setswitchinterval(min(SHORT, _usual[0][0]))
    gc.set_threshold(BUSY_YOUNG, NEVER, NEVER)
    try:
        yield
    finally:
        interval, threshold = _usual.pop()
        if not _usual:
            if gc.get_count()[1] > MANY:
                gc.freeze()
            sys.setswitchinterval(interval)
            gc.set_threshold(*threshold)
