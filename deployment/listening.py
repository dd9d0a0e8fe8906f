"""Takes connections at HOST and PORT, and says when to stop. Used by whatever serves: the whole
server, and the plan alone."""

import asyncio
import contextlib
import errno
import os
import signal
import sys
from dataclasses import dataclass

from aiohttp import web

from deployment.settings import Settings, StartError
from deployment.sockets import BoundedRunner, runner_of


@dataclass(frozen=True, slots=True)
class Worker:
    """Which of several processes on one port this is (`workers`). It ends when its standard input
    does: then the one that started it is gone."""

    place: int


async def listening(
    app: web.Application, settings: Settings, worker: Worker | None = None
) -> BoundedRunner:
    """The application, started and reachable. Raises StartError where the address cannot be used,
    and what the application's own start raises."""
    runner = runner_of(app)
    await runner.setup()
    host, port, shared = settings.host, settings.port, None if worker is None else True
    try:
        await web.TCPSite(runner, host, port, backlog=1024, reuse_port=shared).start()
    except OSError as wrong:
        await runner.cleanup()
        raise cannot_listen(settings, wrong) from wrong
    return runner


async def taking_leave(runner: BoundedRunner, settings: Settings) -> None:
    """Stop: whoever comes now is refused at once, and asks another server; a carrier outside is
    told with each connection's last answer."""
    for site in list(runner.sites):
        await site.stop()
    if settings.carrier != "local":
        await runner.leave()
    await runner.cleanup()


def cannot_listen(settings: Settings, wrong: OSError) -> StartError:
    """Why HOST and PORT cannot be used, and which of them to change."""
    port, host = settings.port, settings.host
    match wrong.errno:
        case errno.EADDRINUSE:
            why = f"port {port} on {host} is in use: set ZHITONG_PORT to a free one"
        case errno.EACCES:
            why = f"port {port} may not be used by this user: set ZHITONG_PORT to one above 1023"
        case _:
            why = f"{host} is no address of this machine: set ZHITONG_HOST to one"
    return StartError(why)


def told_to_stop(worker: Worker | None = None) -> asyncio.Event:
    """Set by Ctrl-C and by a supervisor's SIGTERM; a worker's also by the end of its input."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
            loop.add_signal_handler(name, stop.set)
    if worker is not None:
        loop.add_reader(sys.stdin.fileno(), _look_for_end, stop)
    return stop


def _look_for_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 64):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()
