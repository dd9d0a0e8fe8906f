"""A server whose database cannot be opened starts all the same, where it has run before: the plan
speaks and takes messages until the database is there, and then the whole server takes over."""

import asyncio
import contextlib
import errno
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import structlog
from aiohttp import web

from deployment.carrier import local_line
from deployment.clock import SystemClock
from deployment.fallback import Fallback, fallback_of
from deployment.folder import in_folder
from deployment.listening import listening, taking_leave, told_to_stop
from deployment.plans import compiled, local_day, plan_inputs
from deployment.settings import Secrets, Settings, StartError
from ivr.conversation.stores import Plans
from storage.errors import InUse, StorageError, TooNew
from storage.keymark import WrongKey
from storage.spool import ran_before

LOG: Final = structlog.get_logger()
TRY_EVERY: Final = 5.0
"""Seconds between two tries to open the database."""
MOST_BODY: Final = 64 * 1024
NEVER: Final = (InUse, TooNew, WrongKey)
"""What does not pass by itself: a person has chosen the wrong folder, version or key."""
PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What a disk says that is full or broken."""
Serve = Callable[[Settings], Coroutine[Any, Any, None]]


def run(settings: Settings, serve: Serve) -> None:
    """Serve until told to stop; the plan alone while nothing else can be served. Raises StartError,
    StorageError with a sentence where that would not help."""
    while True:
        try:
            with in_folder(settings):
                asyncio.run(serve(settings))
        except (StorageError, StartError) as wrong:
            if not _may_pass(settings, wrong):
                raise
            why = str(wrong)
        else:
            return
        if not asyncio.run(stand_by(settings, why)):
            return


def _may_pass(settings: Settings, wrong: Exception) -> bool:
    """Whether a server that ran in this folder before only waits for its database or its disk."""
    disk = isinstance(wrong.__cause__, OSError) and wrong.__cause__.errno in PASSING
    gone = isinstance(wrong, StorageError) and not isinstance(wrong, NEVER)
    return (gone or disk) and ran_before(settings.data_dir / "spool")


async def stand_by(settings: Settings, why: str, every: float = TRY_EVERY) -> bool:
    """The plan alone. True once the database can be opened, False where told to stop first."""
    clock = SystemClock()
    plan = compiled(plan_inputs(settings), 0, local_day(settings, clock))
    fallback = fallback_of(settings, Secrets.of(settings), clock, Plans(plan))
    stop = told_to_stop()
    runner = await listening(_alone(fallback, why), settings)
    sys.stderr.write(f"server.py: {why}; until then callers hear the plan and leave messages\n")
    try:
        while not await _stopped(stop, every):
            if await asyncio.to_thread(_is_back, settings):
                LOG.warning("standby.over")
                return True
        return False
    finally:
        await taking_leave(runner, settings)


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()


def _is_back(settings: Settings) -> bool:
    try:
        with in_folder(settings):
            return True
    except (StorageError, StartError):
        return False


def _alone(fallback: Fallback, why: str) -> web.Application:
    """The carrier's webhooks, the embedded carrier where it carries the calls, and a server that is
    alive but not ready."""

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        return web.Response(status=503, text=f"not ready: callers hear the plan\ndatabase: {why}\n")

    async def closing(_: web.Application) -> AsyncIterator[None]:
        yield
        fallback.spool.close()

    app = web.Application(client_max_size=MOST_BODY)
    app.add_routes([web.get("/healthz", alive), web.get("/readyz", ready)])
    app.add_routes(fallback.routes(lambda _: None).alone())
    app.cleanup_ctx.append(closing)
    keys, numbers = Secrets.of(fallback.settings), fallback.plans.current.directory.numbers
    line = local_line(fallback.settings, keys, fallback.clock, lambda: tuple(numbers))
    if line is not None:
        line.mount(app, phones=fallback.settings.shows_demo)
    return app
