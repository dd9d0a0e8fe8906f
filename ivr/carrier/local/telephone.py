"""A phone as a program: the client side of the phones' WebSocket.

Counterpart of ``socket.py``; ``terminal.py`` gives it a keyboard.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from ivr.carrier.local.errors import LineError

SOCKET_PATH: Final = "/phone/socket"
Heard = dict[str, Any]


class PhoneClosed(LineError):
    """The server closed the phone's connection; is it still running?"""

    def __init__(self) -> None:
        super().__init__("the server closed the phone's connection; is it still running?")


class Telephone:
    """One phone; ``number`` is what it answers for, empty for a withheld caller.

    Prompts are acknowledged at once unless ``acks`` is set to False by the caller,
    who then sends ``played`` himself.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        number: str = "",
        *,
        handset: str | None = None,
    ) -> None:
        self._session = session
        self._url = base_url.rstrip("/") + SOCKET_PATH
        self.number = number
        self.handset = handset or f"t-{uuid.uuid4().hex}"
        self.acks = True
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def connect(self, call: str | None = None) -> None:
        """Connect and attach; ``call`` is the one this phone believes it is in."""
        self._socket = await self._session.ws_connect(self._url, max_msg_size=0)
        await self.send("attach", handset=self.handset, number=self.number, call=call)

    async def close(self) -> None:
        """Leave without hanging up."""
        if self._socket is not None:
            await self._socket.close()

    async def send(self, type: str, **fields: object) -> None:
        """One message; a trailing underscore of a name is dropped (``from_``)."""
        plain = {name.rstrip("_"): value for name, value in fields.items()}
        try:
            await self._open.send_str(json.dumps({"type": type, **plain}, ensure_ascii=False))
        except ConnectionResetError as gone:
            raise PhoneClosed from gone

    async def send_audio(self, frames: bytes) -> None:
        """Microphone audio: int16 little-endian, mono, 8 kHz."""
        await self._open.send_bytes(frames)

    async def next(self, seconds: float | None = None) -> Heard | bytes:
        """The next message or audio; TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds):
            frame = await self._open.receive()
        if frame.type is aiohttp.WSMsgType.BINARY:
            return bytes(frame.data)
        if frame.type is not aiohttp.WSMsgType.TEXT:
            raise PhoneClosed
        heard: Heard = json.loads(frame.data)
        if self.acks and heard["type"] in {"say", "beep"}:
            await self.send("played", id=heard["id"])
        return heard

    @property
    def _open(self) -> aiohttp.ClientWebSocketResponse:
        if self._socket is None:
            raise PhoneClosed
        return self._socket
