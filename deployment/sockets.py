"""How connections are taken: room for many and a bound for all, since a flood of slow requests must
not make the line deaf, and nothing unpacked. Used by `server.serve`."""

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

MOST: Final = 65_536
"""Descriptors: far more than live calls, and few enough for the kernel."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What strangers may hold. `head`: seconds from a connection, or its last answer, to the next
    request's whole head; longer than a proxy keeps an idle connection (60 s). `body`: seconds for
    the rest of a request; the carrier itself waits 15 s for everything. `unread`: seconds in which
    answers pile up: each keeps megabytes of the kernel. `most`: connections, of about 15 kB each;
    beyond it the one that has been silent longest goes for the one that comes."""

    head: float = 75.0
    body: float = 15.0
    unread: float = 30.0
    most: int = 8_192
    every: float = 5.0


BOUNDS: Final = Bounds()
LEAVE: Final = 2.0
"""Seconds for a busy proxy to send one more request over each connection that it keeps."""
HEADERS: Final = 64
"""Lines of a head, of 8 kB each: a carrier sends about 15, a browser 20, a proxy adds a few. All of
it lies in memory before anybody can be refused."""


def make_room() -> int:
    """A connection is a descriptor, and a process is often given few of those that it may have:
    raise its own bound; where that fails it stays. Returns what there is."""
    if sys.platform == "win32":
        return MOST
    import resource  # noqa: PLC0415 - exists on POSIX only

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return MOST if soft == resource.RLIM_INFINITY else soft


def runner_of(app: web.Application, bounds: Bounds = BOUNDS) -> "BoundedRunner":
    """What serves the application, within the bounds and half of the descriptors: files, the
    database and our own requests need some too."""
    room = make_room() // 2
    return BoundedRunner(app, bounds, min(bounds.most, room))


class BoundedRunner(web.AppRunner):
    """An AppRunner whose server is bounded."""

    __slots__ = ("_bounds", "_most")

    def __init__(self, app: web.Application, bounds: Bounds, most: int) -> None:
        super().__init__(app, shutdown_timeout=5)
        self._bounds = bounds
        self._most = most

    async def _make_server(self) -> web.Server:
        """Bodies stay as they came: no carrier compresses one, and a stranger's of 300 kB,
        unpacked to 300 MB before its signature is looked at, stopped every call for a second."""
        made = await super()._make_server()
        server = _BoundedServer(
            made.request_handler,
            request_factory=made.request_factory,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=self._bounds.head,
            max_headers=HEADERS,
        )
        server.watch(self._bounds, self._most)
        return server

    async def leave(self, seconds: float = LEAVE) -> None:
        """Once no new connections are taken: let those that are kept open for many requests end
        with their next answer, so that none is sent into an end."""
        if isinstance(self.server, _BoundedServer):
            await self.server.leave(seconds)


class _BoundedServer(web.Server):
    """Counts its connections, and cuts those whose request does not come to its end. The head is
    bounded by aiohttp's own timer, which arriving bytes do not put off."""

    def watch(self, bounds: Bounds, most: int) -> None:
        """Begin. Without this nothing is bounded."""
        self._bounds, self._most = bounds, most
        self._open: dict[RequestHandler, None] = {}
        self._slow: dict[RequestHandler, tuple[web.BaseRequest | None, float]] = {}
        self._leaving, self._left = False, asyncio.Event()
        self._next = self._loop.call_later(bounds.every, self._sweep)

    async def leave(self, seconds: float) -> None:
        """Wait until all connections have ended, or so many seconds."""
        self._leaving = True
        for handler in self._open:
            _end_after_next(handler)
        if self._open:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._left.wait()

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._open[handler] = None
        if self._leaving:
            _end_after_next(handler)
        if len(self._open) > self._most:
            silent = next((held for held in self._open if _waits(held)), handler)
            self._open.pop(silent)
            _drop(silent)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        self._open.pop(handler, None)
        if self._leaving and not self._open:
            self._left.set()
        super().connection_lost(handler, exc)

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aiohttp's
        self._next.cancel()
        await super().shutdown(timeout)

    def _sweep(self) -> None:
        """Every few seconds, so that a request costs nothing: who is at the same body still, or
        has not read its answers?"""
        now = self._loop.time()
        before, self._slow = self._slow, {}
        for handler in list(self._open):
            request = _unfinished(handler)
            if request is None and not _answering(handler):
                continue
            known = before.get(handler)
            since = known[1] if known is not None and known[0] is request else now
            self._slow[handler] = (request, since)
            if now - since >= (self._bounds.unread if request is None else self._bounds.body):
                _drop(handler)
        if len(self._open) > self._most // 2:
            self._open = dict.fromkeys(sorted(self._open, key=_silent_since))
        self._next = self._loop.call_later(self._bounds.every, self._sweep)


def _end_after_next(handler: RequestHandler) -> None:
    """Its next answer says `Connection: close`; the one that is under way has perhaps begun."""
    answer: Any = handler._request_handler  # noqa: SLF001 - it has no other door

    async def last(request: web.BaseRequest) -> web.StreamResponse:
        made: web.StreamResponse = await answer(request)
        made.force_close()
        return made

    handler._request_handler = last  # noqa: SLF001 - as above


def _drop(handler: RequestHandler) -> None:
    """Now: a connection that is closed only waits, with its descriptor, until all is read."""
    transport = handler.transport
    if _answering(handler) and handler._task_handler is not None:  # noqa: SLF001 - as below
        handler._task_handler.cancel()  # noqa: SLF001 - a file that is being sent notices nothing
    handler.force_close()
    if transport is not None:
        transport.abort()


def _unfinished(handler: RequestHandler) -> web.BaseRequest | None:
    """The request whose body is still coming."""
    request: Any = handler._current_request  # noqa: SLF001 - aiohttp tells it nowhere else
    return request if request is not None and not request.content.is_eof() else None


def _answering(handler: RequestHandler) -> bool:
    """Whether an answer is ready and on its way; it is there at once, unless nobody reads."""
    at_it = handler._request_in_progress  # noqa: SLF001 - as above
    return at_it and handler._current_request is None  # noqa: SLF001 - as above


def _silent_since(handler: RequestHandler) -> float:
    """When its last answer ended, or it came; as much later as a head may take."""
    return handler._next_keepalive_close_time  # noqa: SLF001 - as above


def _waits(handler: RequestHandler) -> bool:
    """Whether it is the other side's turn: no request is being answered."""
    idle = handler._current_request is None  # noqa: SLF001 - as above
    return idle or _unfinished(handler) is not None
