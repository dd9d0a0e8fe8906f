"""What the servers of the benchmarks serve: ours (with and without its outbox at work), bare
aiohttp, and a step of SDK and ORM around the same `advance`. Started by `servers`."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from benchmarks.machine import pin

CONSTANT: Final = b"<Response>" + b"x" * 379 + b"</Response>"
"""400 bytes, as the floor answers."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An application, and what has to be done before its loop runs."""

    make: Callable[[int | None], Awaitable[web.Application]]
    before: Callable[[], None] = lambda: None


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _constant(_: web.Request) -> web.Response:
    return web.Response(body=CONSTANT, content_type="text/xml")


async def bare(_: int | None) -> web.Application:
    """The floor: a constant answer, the body unread."""
    app = web.Application()
    app.router.add_post(r"/{any:.*}", _constant)
    app.router.add_get("/healthz", _health)
    return app


def prepare() -> None:
    """The log as `server.py` writes it (structlog's own takes a second for each error, with colours
    and values), and the database in this version's schema."""
    from deployment.database import migrated  # noqa: PLC0415 - the floor goes without
    from deployment.log import log_as_json  # noqa: PLC0415 - the floor goes without
    from deployment.settings import Settings  # noqa: PLC0415 - the floor goes without

    log_as_json()
    migrated(Settings())


async def ours(numbers: int | None) -> web.Application:
    """The product as `server.py` puts it together; `numbers` wants another register."""
    from deployment.house import HOUSE  # noqa: PLC0415 - the floor goes without
    from deployment.pauses import keep_short  # noqa: PLC0415 - the floor goes without
    from deployment.settings import Settings  # noqa: PLC0415 - the floor goes without
    from server import build_app  # noqa: PLC0415 - the floor goes without

    app = await build_app(Settings())
    if numbers is not None:
        from benchmarks.register import plan_of  # noqa: PLC0415 - most go without

        app[HOUSE].plans.publish(plan_of(numbers, app[HOUSE].plans.current))
    keep_short()
    return app


async def steps(numbers: int | None) -> web.Application:
    """Ours, whose outbox stands still: texts, mails and recordings are kept as jobs, in the
    step's own transaction, and wait."""
    from server import background  # noqa: PLC0415 - the floor goes without

    app = await ours(numbers)
    app.cleanup_ctx.remove(background)
    return app


async def publishing(numbers: int | None) -> web.Application:
    """Ours, with two addresses more: one fills the plan with rules, one changes one of them."""
    from benchmarks.publisher import publisher_routes  # noqa: PLC0415 - the floor goes without

    app = await ours(numbers)
    app.add_routes(publisher_routes(app))
    return app


async def sdk_orm(_: int | None) -> web.Application:
    """What such a server usually is: validator, session and builder of each request."""
    from benchmarks.sdk_orm import application  # noqa: PLC0415 - the others go without
    from deployment.settings import Settings  # noqa: PLC0415 - the floor goes without

    settings = Settings()
    return await application(settings.data_dir, settings.auth_token, settings.database_url)


KINDS: Final = {
    "bare": Kind(bare),
    "steps": Kind(steps, prepare),
    "ours": Kind(ours, prepare),
    "publishing": Kind(publishing, prepare),
    "sdk-orm": Kind(sdk_orm),
}


async def serve(kind: Kind, numbers: int | None) -> None:
    """Serve until killed."""
    runner = web.AppRunner(await kind.make(numbers), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["ZHITONG_PORT"]), backlog=2048).start()
    await asyncio.Event().wait()


def main() -> None:
    """`python -m benchmarks.applications KIND`, all else from the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--core", type=int)
    parser.add_argument("--numbers", type=int)
    asked = parser.parse_args()
    if asked.core is not None:
        pin(asked.core)
    kind = KINDS[asked.kind]
    kind.before()
    asyncio.run(serve(kind, asked.numbers))


if __name__ == "__main__":
    main()
