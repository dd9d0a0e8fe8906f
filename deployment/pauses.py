"""What keeps a step's pauses short in one process with two threads: the interpreter's own."""

import gc
import sys
from typing import Final

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
