"""Webhooks without sockets: signed requests through aiohttp's own protocol to the real routes, in
memory. The counterpart of `benchmarks.caller`, which needs a port."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from benchmarks.caller import Account, request

LOOPBACK: Final = ("127.0.0.1", 40_000)


class _Pipe(asyncio.Transport):
    """The server's end of a connection: what it writes is an answer."""

    def __init__(self) -> None:
        super().__init__({"peername": LOOPBACK})
        self._answer = bytearray()
        self._closed = False
        self.whole: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """A part of the answer."""
        self._answer += data
        head, found, body = bytes(self._answer).partition(b"\r\n\r\n")
        if not found or self.whole.done():
            return
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) >= int(fields.get(b"content-length", b"0")):
            self.whole.set_result((int(head[9:12]), body))

    def close(self) -> None:
        """The server hangs up."""
        self._closed = True

    abort = close

    def is_closing(self) -> bool:
        """Whether it did."""
        return self._closed

    def pause_reading(self) -> None:
        """A request is sent as a whole."""

    resume_reading = pause_reading


class Wire:
    """Posts webhooks to an application."""

    def __init__(self, app: web.Application, base: str, account: str) -> None:
        self._runner = web.AppRunner(app, access_log=None)
        self._base = base
        self._account = account

    async def open(self) -> None:
        """Make the application ready."""
        await self._runner.setup()

    async def close(self) -> None:
        """Let go of it."""
        await self._runner.cleanup()

    async def post(self, url: str, fields: Mapping[str, str], token: str) -> tuple[int, bytes]:
        """One webhook, signed with `token`; `url` is as our documents have it, with the carrier's
        own part after `#`, which is never sent."""
        path = url.partition("#")[0].removeprefix(self._base)
        account = Account(self._base, self._account, token)
        server = self._runner.server
        if server is None:
            raise RuntimeError("open the wire first")
        protocol, pipe = server(), _Pipe()
        protocol.connection_made(pipe)
        protocol.data_received(request(account, path, dict(fields)))
        answer = await pipe.whole
        protocol.connection_lost(None)
        return answer
