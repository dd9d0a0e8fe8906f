"""How connections are taken: room for many, since a flood of slow requests must not make the line
deaf at the first thousand, and nothing unpacked. Used by `server.serve`."""

import contextlib
import sys
from typing import Final

from aiohttp import web

MOST: Final = 65_536
"""Descriptors: far more than live calls, and few enough for the kernel."""


def make_room() -> None:
    """A connection is a descriptor, and a process is often given few of those that it may have:
    raise its own bound; where that fails it stays."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - exists on POSIX only

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def runner_of(app: web.Application) -> web.AppRunner:
    """What serves the application. Bodies stay as they came: no carrier compresses one, and a
    stranger's of 300 kB, unpacked to 300 MB before its signature is looked at, stopped every
    call for a second."""
    make_room()
    return web.AppRunner(app, access_log=None, shutdown_timeout=5, auto_decompress=False)
