"""Ports for the servers that a test starts, from where the kernel takes none by itself: one that
was asked of it and let go is a stranger's before a process has begun that is to listen there."""

import itertools
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FIRST: Final = 12_000
"""Above those that Chromium refuses to open."""
KERNELS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL: Final = 32_768
"""Where the kernel's begin, if it does not say so: not before 49,152 on other systems."""
WORKERS: Final = 8
"""Shares of these ports: two workers of one run never look at the same (`conftest` begins no
more)."""


def own() -> Iterator[int]:
    """A worker's own, over and over and from anywhere: another run may go on beside this one."""
    end = int(KERNELS.read_text().split()[0]) if KERNELS.exists() else USUAL
    share = (max(end, FIRST + 1_000 * WORKERS) - FIRST) // WORKERS
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    begin, first = FIRST + worker % WORKERS * share, random.randrange(share)  # noqa: S311 - no secret
    return (begin + (first + n) % share for n in itertools.count())


_OWN: Final = own()


def free_port() -> int:
    """One on which nobody listens, and that nobody is given before a whole round of others."""
    for port in _OWN:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is always a next one")
