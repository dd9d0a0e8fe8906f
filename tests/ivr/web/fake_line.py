"""A line that says what a test tells it: the exchange's end of the phone's socket, no calls behind
it. Counterpart of `ivr/web/static/line.js`."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import WSMsgType, web

from ivr.ports.local_line import SentText
from tests.deadline import DEADLINE

IDLE: dict[str, Any] = {"state": "idle", "call": None, "numbers": [], "voice": False}


class FakeLine:
    """Keeps what the phone sent; `tell` sends to it. `greeting` is the answer to `attach`."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.sound = bytearray()
        self.greeting: dict[str, Any] = dict(IDLE)
        self.sent: list[SentText] = []
        self.voices: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.open = True
        self._socket: web.WebSocketResponse | None = None
        self._news = asyncio.Condition()
        self._read = 0

    def texts(self) -> Sequence[SentText]:
        return tuple(reversed(self.sent))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /phone/socket."""
        if not self.open:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._socket = socket
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                await self._keep_sound(message.data)
            elif message.type is WSMsgType.TEXT:
                await self._keep(json.loads(message.data))
        return socket

    async def voice(self, request: web.Request) -> web.StreamResponse:
        """GET /phone/voice/{key}.wav."""
        self.asked.append(request.match_info["key"])
        wav = self.voices.get(request.match_info["key"])
        if wav is None:
            raise web.HTTPNotFound
        return web.Response(body=wav, content_type="audio/wav")

    async def tell(self, *messages: dict[str, Any]) -> None:
        """Send messages, in order."""
        assert self._socket is not None
        for message in messages:
            await self._socket.send_str(json.dumps(message))

    async def play(self, audio: bytes) -> None:
        """Send the other side's voice."""
        assert self._socket is not None
        await self._socket.send_bytes(audio)

    async def drop(self) -> None:
        """Cut the phone off, as a killed server does."""
        assert self._socket is not None
        self.open = False
        await self._socket.close(code=1012)

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next message of a kind; those before it are passed over."""

        def found() -> bool:
            return any(m["type"] == kind for m in self.heard[self._read :])

        await self._until(found, f"the phone sent no {kind!r}")
        while True:
            message = self.heard[self._read]
            self._read += 1
            if message["type"] == kind:
                return message

    async def expect_sound(self, most: int) -> None:
        """Wait until that many bytes of sound came."""
        await self._until(lambda: len(self.sound) >= most, f"fewer than {most} bytes of sound came")

    async def close(self) -> None:
        """End the connection for good."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionError):
                await self._socket.close()

    async def _keep(self, message: dict[str, Any]) -> None:
        async with self._news:
            self.heard.append(message)
            self._news.notify_all()
        if message["type"] in ("attach", "hold"):
            await self.tell({"type": "attached", "number": message["number"], **self.greeting})

    async def _keep_sound(self, audio: bytes) -> None:
        async with self._news:
            self.sound += audio
            self._news.notify_all()

    async def _until(self, found: Callable[[], bool], otherwise: str) -> None:
        try:
            async with asyncio.timeout(DEADLINE), self._news:
                await self._news.wait_for(found)
        except TimeoutError:
            kinds = [m["type"] for m in self.heard]
            raise AssertionError(f"{otherwise}; it sent {kinds}") from None
