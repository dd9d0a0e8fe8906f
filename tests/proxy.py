"""A small reverse proxy before several servers, as nginx stands there: the webhooks of calls go to
each in turn, from the second on, and past those that take no connection; all else goes to the
first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

OWN: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date"})
"""Headers of one connection, which are not handed on."""
LIMITS: Final = aiohttp.ClientTimeout(total=60)
VOICE: Final = "/voice/"

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


@dataclass(frozen=True, slots=True)
class Passed:
    """A webhook, and which server answered it."""

    path: str
    server: str


@dataclass(slots=True)
class Proxy:
    """`url` is what all servers know as PUBLIC_URL, `servers` are their own addresses."""

    session: aiohttp.ClientSession
    url: str = ""
    servers: list[str] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Webhooks that a server began and did not answer."""
    _turn: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Byte for byte: address, fields and signature belong together."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._bridge(request)
        if not request.path.startswith(VOICE):
            return await self._ask(self.servers[0], request)
        turn = self._turn = self._turn + 1
        for place in range(len(self.servers)):
            server = self.servers[(turn + place) % len(self.servers)]
            try:
                answer = await self._ask(server, request)
            except aiohttp.ClientConnectorError:
                continue
            except (
                aiohttp.ClientError
            ) as error:  # it may have been carried out: who asks repeats it
                self.broken.append(f"{request.path} at {server}: {error!r}")
                break
            self.passed.append(Passed(request.path, server))
            return answer
        return web.Response(status=502)

    async def _ask(self, server: str, request: web.Request) -> web.Response:
        address = URL(server + request.raw_path, encoded=True)
        headers = [(n, v) for n, v in request.headers.items() if n.lower() not in OWN]
        body = await request.read()
        async with self.session.request(
            request.method, address, headers=headers, data=body, allow_redirects=False
        ) as answer:
            told = {n: v for n, v in answer.headers.items() if n.lower() not in OWN}
            return web.Response(status=answer.status, body=await answer.read(), headers=told)

    async def _bridge(self, request: web.Request) -> web.WebSocketResponse:
        names = {n: request.headers[n] for n in ("Host", "Origin") if n in request.headers}
        ours = web.WebSocketResponse(max_msg_size=0)
        await ours.prepare(request)
        address = self.servers[0] + request.raw_path
        reached = self.session.ws_connect(address, headers=names, max_msg_size=0)
        async with reached as theirs, asyncio.TaskGroup() as group:
            group.create_task(_all(ours, theirs))
            group.create_task(_all(theirs, ours))
        return ours


async def _all(of: Socket, to: Socket) -> None:
    """Every message, then the end."""
    async for message in of:
        if message.type is WSMsgType.TEXT:
            await to.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await to.send_bytes(message.data)
    await to.close(code=of.close_code or 1000)


@asynccontextmanager
async def proxy(*, kept: bool = True) -> AsyncIterator[Proxy]:
    """One that listens; its servers are named once they are known. `kept` says whether it keeps
    connections to them, or opens one for each request."""
    jar, connector = aiohttp.DummyCookieJar(), aiohttp.TCPConnector(force_close=not kept)
    async with aiohttp.ClientSession(
        auto_decompress=False, cookie_jar=jar, timeout=LIMITS, connector=connector
    ) as session:
        made = Proxy(session)
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", made.handle)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield made
        finally:
            await runner.cleanup()
