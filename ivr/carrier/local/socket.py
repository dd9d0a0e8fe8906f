"""The phones' WebSocket: JSON text messages and binary audio, both ways.

``protocol.md`` beside this file documents every message and their order; audio is
int16 little-endian, mono, 8 kHz. Counterpart: the phone page and ``telephone.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from ivr.carrier.local.exchange import Exchange
from ivr.carrier.local.handset import Handset, PhoneRefusal
from ivr.carrier.local.messages import Message, Refused, to_plain

MAX_MESSAGE = 32_000  # twice the most audio of one message (aiohttp refuses the bound itself)
_HANDSET = re.compile(r"[A-Za-z0-9_-]{8,64}")
_BACKLOG = 2000  # messages waiting for a slow phone; audio beyond it is dropped
_MOST_WAITING = 2 * _BACKLOG  # then it does not read at all, and is dropped
_TAKEN = 4001

Act = Callable[["Connection", Mapping[str, Any]], None]


async def serve(
    request: web.Request, exchange: Exchange, open_sockets: set[web.WebSocketResponse]
) -> web.StreamResponse:
    """One phone's connection, until it closes. A page of another origin is refused: it
    must not use a visitor's loopback."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="phones are served to pages of this server only")
    socket = web.WebSocketResponse(heartbeat=20, max_msg_size=MAX_MESSAGE)
    await socket.prepare(request)
    open_sockets.add(socket)
    connection = Connection(exchange)
    async with asyncio.TaskGroup() as group:
        writer = group.create_task(connection.write(socket))
        try:
            await connection.read(socket)
        finally:
            open_sockets.discard(socket)
            connection.drop()
            writer.cancel()
    return socket


class Connection:
    """One socket and the phone behind it."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._phone: Handset | None = None
        self._outgoing: asyncio.Queue[Message | bytes] = asyncio.Queue()

    def tell(self, message: Message | bytes) -> None:
        """Queue for the phone. Audio that a slow phone cannot take is dropped."""
        if not isinstance(message, bytes) or self._outgoing.qsize() < _BACKLOG:
            self._outgoing.put_nowait(message)

    def drop(self) -> None:
        """The socket is gone."""
        if self._phone is not None:
            self._exchange.switch.detach(self._phone, self.tell)

    async def write(self, socket: web.WebSocketResponse) -> None:
        """Send what is queued."""
        with contextlib.suppress(ConnectionError):
            while True:
                message = await self._outgoing.get()
                if isinstance(message, bytes):
                    await socket.send_bytes(message)
                    continue
                await socket.send_str(json.dumps(to_plain(message), ensure_ascii=False))
                if isinstance(message, Refused) and message.code == "taken":
                    await socket.close(code=_TAKEN, message=b"attached from another tab")

    async def read(self, socket: web.WebSocketResponse) -> None:
        """Carry out what the phone sends, until it leaves or does not read what it is told."""
        async for frame in socket:
            if frame.type is WSMsgType.BINARY:
                if self._phone is not None and len(frame.data) % 2 == 0:
                    self._exchange.switch.sound(self._phone, frame.data)
            elif frame.type is WSMsgType.TEXT:
                self._take(frame.data)
            if self._outgoing.qsize() > _MOST_WAITING:
                return

    def _take(self, text: str) -> None:
        try:
            message = json.loads(text)
            act = _ACTS.get(str(message.get("type"))) if isinstance(message, dict) else None
            if act is None:
                raise PhoneRefusal("bad-message", "a message is an object with a known type")
            act(self, message)
        except (ValueError, RecursionError):
            self.tell(Refused("bad-message", "a message is JSON"))
        except PhoneRefusal as refusal:
            self.tell(Refused(refusal.code, refusal.text))

    @property
    def phone(self) -> Handset:
        """The attached phone."""
        if self._phone is None:
            raise PhoneRefusal("not-attached", "send attach first")
        return self._phone

    def attach(self, message: Mapping[str, Any]) -> None:
        handset = _text(message, "handset")
        if not _HANDSET.fullmatch(handset):
            raise PhoneRefusal("bad-message", "handset is 8 to 64 letters, digits, _ or -")
        if self._phone is not None:
            raise PhoneRefusal("bad-message", "this socket has a phone already; use hold")
        wish = Handset(handset, _number(message, "number"), message.get("acks") is not False)
        wish.outlet = self.tell
        call = message.get("call")
        self._phone = self._exchange.switch.attach(wish, call if isinstance(call, str) else None)

    def hold(self, message: Mapping[str, Any]) -> None:
        self._exchange.switch.hold(self.phone, _number(message, "number"))

    def dial(self, message: Mapping[str, Any]) -> None:
        from_ = _text(message, "from") or self.phone.number or "anonymous"
        self._exchange.dial(self.phone, _text(message, "to"), from_)

    def digits(self, message: Mapping[str, Any]) -> None:
        self._exchange.switch.press(self.phone, _text(message, "digits"))

    def words(self, message: Mapping[str, Any]) -> None:
        self._exchange.switch.type_words(self.phone, _text(message, "text"))

    def played(self, message: Mapping[str, Any]) -> None:
        prompt = message.get("id")
        if not isinstance(prompt, int):
            raise PhoneRefusal("bad-message", "played needs the prompt's id")
        self._exchange.switch.played(self.phone, prompt)

    def answer(self, message: Mapping[str, Any]) -> None:
        self._exchange.switch.answer(self.phone)

    def decline(self, message: Mapping[str, Any]) -> None:
        self._exchange.switch.decline(self.phone)

    def hangup(self, message: Mapping[str, Any]) -> None:
        self._exchange.switch.hang_up(self.phone)


_ACTS: Mapping[str, Act] = {
    "attach": Connection.attach,
    "hold": Connection.hold,
    "dial": Connection.dial,
    "answer": Connection.answer,
    "decline": Connection.decline,
    "digits": Connection.digits,
    "words": Connection.words,
    "played": Connection.played,
    "hangup": Connection.hangup,
}


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name) or ""
    if not isinstance(value, str):
        raise PhoneRefusal("bad-message", f"{name} is a text")
    value.encode()  # half a character is a ValueError, as JSON that cannot be read is
    return value


def _number(message: Mapping[str, Any], name: str) -> str:
    number = _text(message, name)
    if number and not re.fullmatch(r"\+?[0-9]{2,20}", number):
        raise PhoneRefusal("bad-number", "a number is an optional + and 2 to 20 digits")
    return number
