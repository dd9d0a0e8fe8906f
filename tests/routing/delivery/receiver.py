"""A real receiver of webhooks on this machine, which answers as told."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

SECRET: Final = "a secret of at least thirty-two signs"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """Answers as told; keeps what it was sent."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.taken.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers)


@contextlib.asynccontextmanager
async def receiving(answer: Answer, **options: Any) -> AsyncIterator[int]:
    """The port of a real server."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, **options)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
