"""A server whose database cannot be opened starts all the same, where it has run before: the plan
speaks and takes messages until the database is there, and then the whole server takes over."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Final

import structlog
from aiohttp import web

from deployment import supervisor
from deployment.carrier import Voices, local_line
from deployment.clock import SystemClock
from deployment.database import migrated
from deployment.fallback import Fallback, fallback_of
from deployment.folder import in_folder
from deployment.listening import Worker, listening, taking_leave, told_to_stop
from deployment.plans import compiled, local_day, plan_inputs
from deployment.settings import Secrets, Settings, StartError
from deployment.voices import sound_routes
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
Serve = Callable[[Settings, Worker | None], Coroutine[Any, Any, None]]
"""Serves until it is told to stop, alone or as one of several."""


def run(settings: Settings, serve: Serve, worker: Worker | None = None) -> None:
    """Serve until told to stop; the plan alone while nothing else can be served. Raises StartError,
    StorageError with a sentence where that would not help."""
    while True:
        try:
            with _opened(settings, worker):
                asyncio.run(serve(settings, worker))
        except (StorageError, StartError) as wrong:
            if not _may_pass(settings, wrong):
                raise
            why = str(wrong)
        else:
            return
        if not asyncio.run(stand_by(settings, why, worker=worker)):
            return


@contextlib.contextmanager
def _opened(settings: Settings, worker: Worker | None) -> Iterator[None]:
    """A worker's folder is held by the one that started it."""
    if worker is None:
        with in_folder(settings):
            yield
    else:
        migrated(settings)
        yield


def _may_pass(settings: Settings, wrong: Exception) -> bool:
    """Whether a server that ran in this folder before only waits for its database or its disk."""
    disk = isinstance(wrong.__cause__, OSError) and wrong.__cause__.errno in PASSING
    gone = isinstance(wrong, StorageError) and not isinstance(wrong, NEVER)
    return (gone or disk) and ran_before(settings.data_dir / "spool")


async def stand_by(
    settings: Settings, why: str, every: float = TRY_EVERY, worker: Worker | None = None
) -> bool:
    """The plan alone. True once the database can be opened, False where told to stop first."""
    clock = SystemClock()
    plan = compiled(plan_inputs(settings), 0, local_day(settings, clock))
    fallback = fallback_of(settings, Secrets.of(settings), clock, Plans(plan))
    stop = told_to_stop(worker)
    runner = await listening(_alone(fallback, why), settings, worker)
    supervisor.tell(supervisor.PLAN_ALONE)
    LOG.warning("standby.begun", why=f"{why}; until then callers hear the plan, leave messages")
    try:
        while not await _stopped(stop, every):
            if await asyncio.to_thread(_is_back, settings, worker):
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


def _is_back(settings: Settings, worker: Worker | None) -> bool:
    try:
        with _opened(settings, worker):
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
    app.add_routes(sound_routes(fallback.settings, fallback.bank))
    voices = Voices(fallback.bank)
    line = local_line(fallback.settings, keys, fallback.clock, lambda: tuple(numbers), voices)
    if line is not None:
        line.mount(app, phones=fallback.settings.shows_demo)
    return app
