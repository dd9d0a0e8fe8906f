"""Room for connections: each is a descriptor, and a process is often given few of the many that
it may have. A flood of slow requests must not make the line deaf at the first thousand."""

import contextlib
import sys
from typing import Final

MOST: Final = 65_536
"""Descriptors: far more than live calls, and few enough for the kernel."""


def make_room() -> None:
    """Raise this process's own bound to what it may have; where that fails it stays."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - exists on POSIX only

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
