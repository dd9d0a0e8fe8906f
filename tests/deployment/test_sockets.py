"""A server takes all the descriptors that it may have, and unpacks nothing."""

import gzip
import sys
from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp import web

from deployment.sockets import MOST, make_room, runner_of

if sys.platform == "win32":
    pytest.skip("Windows has no such bound", allow_module_level=True)

import resource


@pytest.fixture
def few() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_bound_is_raised_once(few: int) -> None:
    for _ in range(2):
        make_room()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert hard == few
        assert soft == (MOST if hard == resource.RLIM_INFINITY else min(MOST, hard))


async def test_a_packed_body_is_not_unpacked() -> None:
    """Whoever sends one is a stranger, and unpacking it would cost more than sending it."""
    packed = gzip.compress(b"A=" + b"0" * 1_000_000)
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    seen: list[int] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(len(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/voice/answer", take)
    runner = runner_of(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/voice/answer"
            async with session.post(url, data=packed, headers=kind) as answer:
                assert answer.status == 200
    finally:
        await runner.cleanup()
    assert seen == [len(packed)]
