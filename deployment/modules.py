"""What keeps a start short: while modules are read nothing is garbage, and to look for some takes
an eighth of that time. `server.py` imports this before them and says `all_read` after them."""

import gc
from typing import Final

_LOOKED_FOR: Final = gc.isenabled()
"""Not where somebody else, as a run of tests, has it stopped for longer."""

gc.disable()


def all_read() -> None:
    """What they made stays until the end, and is never looked at again (`deployment.pauses`)."""
    if _LOOKED_FOR:
        gc.freeze()
        gc.enable()
