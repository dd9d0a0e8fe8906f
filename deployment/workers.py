"""Several processes on one port, started and watched by this one, which holds the folder's lock.
One that dies is started anew; all end with it. Each is a server of its own with a place."""

import asyncio
import contextlib
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from deployment.listening import cannot_listen, told_to_stop
from deployment.settings import Secrets, Settings, StartError
from deployment.welcome import FIRST, READY, welcome

LOG: Final = structlog.get_logger()
COMMAND: Final = "worker"
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
"""Seconds until a worker that died is started anew: doubled each time, from the first again once
one has lived for STEADY."""
STEADY: Final = 60.0
LEAVES_WITHIN: Final = 20.0
"""Seconds for a worker's orderly end."""


class Workers:
    """`settings.workers` of them, each `script` with its place."""

    def __init__(self, settings: Settings, script: Path) -> None:
        self._settings = settings
        self._script = script
        self._stop = told_to_stop()
        self._began: set[int] = set()
        self._welcomed = False
        self._first: str | None = None
        self._failed = False

    async def run(self) -> None:
        """Until told to stop. Raises StartError, also where a worker cannot even begin: it has said
        why."""
        Secrets.of(self._settings)  # a key that is made on the first start is made once
        with _held(self._settings):
            async with asyncio.TaskGroup() as group:
                for place in range(self._settings.workers):
                    group.create_task(self._keep(place), name=f"worker {place}")
        if self._failed:
            raise StartError("a worker could not begin; what it said stands above")

    async def _keep(self, place: int) -> None:
        loop, wait = asyncio.get_running_loop(), FIRST_WAIT
        while not self._stop.is_set():
            begun = loop.time()
            code = await self._one_life(place)
            if self._stop.is_set():
                return
            if place not in self._began:
                self._failed = True
                self._stop.set()
                return
            wait = FIRST_WAIT if loop.time() - begun >= STEADY else wait
            LOG.error("worker.died", worker=place, code=code, again_in=wait)
            await self._stopped_within(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _one_life(self, place: int) -> int:
        """Start it, and wait for its end. It gets a session of its own: Ctrl-C is for this process,
        which then tells it."""
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, str(self._script), COMMAND, str(place)),
            stdin=PIPE, stdout=PIPE, start_new_session=True,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(self._hear(place, worker))
            ending = group.create_task(self._end_when_told(worker))
            code = await worker.wait()
            ending.cancel()
            await hearing
        return code

    async def _hear(self, place: int, worker: Process) -> None:
        assert worker.stdout is not None
        async for line in worker.stdout:
            said = line.decode(errors="replace")
            if said.startswith(FIRST):
                self._first = said.removeprefix(FIRST).strip()
            elif said.startswith(READY):
                self._is_ready(place, int(said.removeprefix(READY)))
            else:
                sys.stdout.write(said)
                sys.stdout.flush()

    def _is_ready(self, place: int, numbers: int) -> None:
        self._began.add(place)
        if not self._welcomed and len(self._began) == self._settings.workers:
            self._welcomed = True
            welcome(self._settings, numbers, self._first)

    async def _end_when_told(self, worker: Process) -> None:
        await self._stop.wait()
        with contextlib.suppress(ProcessLookupError):
            worker.terminate()
            await asyncio.sleep(LEAVES_WITHIN)
            worker.kill()

    async def _stopped_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()


@contextlib.contextmanager
def _held(settings: Settings) -> Iterator[None]:
    """The port, bound and not listened on, so that nobody else's server joins the workers unheard.
    Raises StartError where somebody has it."""
    try:
        for family, kind, _, _, address in socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[:1]:
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)  # alone: refused where anybody listens
            held = socket.socket(family, kind)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind(address)
    except OSError as wrong:
        raise cannot_listen(settings, wrong) from wrong
    with held:
        yield


async def watch(settings: Settings, script: Path) -> None:
    """In place of the server itself, where WORKERS is above 1. Raises StartError."""
    if sys.platform != "linux":
        raise StartError(
            "WORKERS above 1 needs Linux, where several processes share one port evenly"
        )
    await Workers(settings, script).run()
