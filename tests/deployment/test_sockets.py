"""A server takes all the descriptors that it may have, lets nobody hold them, unpacks nothing."""

import asyncio
import contextlib
import gzip
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from deployment.sockets import HEADERS, MOST, Bounds, make_room, runner_of
from tests.deadline import DEADLINE

if sys.platform == "win32":
    pytest.skip("Windows has no such bound", allow_module_level=True)

import resource

NO_BOUNDS = (2 * DEADLINE,) * 3
"""Of time, within a test's deadline."""


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


@asynccontextmanager
async def served(bounds: Bounds) -> AsyncIterator[int]:
    """A server that echoes what was posted and has sends a sound or a file; its port."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def sound(_: web.Request) -> web.Response:
        return web.Response(body=bytes(SOUND))

    async def file(_: web.Request) -> web.FileResponse:
        return web.FileResponse(__file__)

    app = web.Application()
    app.router.add_post("/", echo)
    app.router.add_get("/sound", sound)
    app.router.add_get("/file", file)
    runner = runner_of(app, bounds)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_connection_ends_with_the_answer_that_says_so() -> None:
    """Whoever keeps one sends no request into its end; who is silent is not waited for long."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_post("/", echo)
    runner = runner_of(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    whole = POST + b"\r\n" + b"a" * 1000
    kept, silent = await dialled(port, whole), await dialled(port, b"")
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        assert b"close" not in await kept[0].readuntil(b"\r\n\r\n")
        await kept[0].readexactly(1000)
        await site.stop()
        leaving = group.create_task(runner.leave(DEADLINE))
        await asyncio.sleep(0)
        kept[1].write(whole)
        assert b"\r\nConnection: close" in await kept[0].read()
        assert not leaving.done()
        silent[1].close()
    kept[1].close()
    await runner.cleanup()


Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def dialled(port: int, first: bytes) -> Wire:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    await writer.drain()
    return reader, writer


async def cut_off(wire: Wire, drip: bytes) -> bool:
    """Whether the server lets go of one who sends a byte now and then."""
    reader, writer = wire
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        gone = group.create_task(_read_to_the_end(reader))
        while not gone.done():
            writer.write(drip)
            await asyncio.wait([gone], timeout=0.05)
    writer.close()
    return True


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    """A byte that crosses the server's farewell is answered with a reset: gone all the same."""
    with contextlib.suppress(ConnectionResetError):
        await reader.read()


SOUND = 16_000_000
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        pytest.param(b"", b"", id="says nothing"),
        pytest.param(POST + b"X-Slow: ", b"x", id="a header without end"),
        pytest.param(POST + b"\r\n", b"x", id="a body a byte at a time"),
        pytest.param(POST + b"\r\n", b"", id="a body that does not come"),
    ],
)
async def test_who_does_not_get_on_is_cut_off(first: bytes, drip: bytes) -> None:
    async with served(Bounds(head=0.3, body=0.3, every=0.1)) as port:
        assert await cut_off(await dialled(port, first), drip)


async def test_a_request_in_pieces_is_taken_in_time() -> None:
    """Nor is a connection cut that is at its second request."""
    async with served(Bounds(every=0.01)) as port:
        reader, writer = await dialled(port, b"")
        for _ in range(2):
            for piece in (POST[:20], POST[20:] + b"\r\n", b"a" * 400, b"b" * 600):
                writer.write(piece)
                await writer.drain()
            async with asyncio.timeout(DEADLINE):
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(1000) == b"a" * 400 + b"b" * 600
        writer.close()


async def test_whoever_comes_is_heard_though_strangers_hold_everything() -> None:
    async with served(Bounds(*NO_BOUNDS, most=4)) as port:
        silent = [await dialled(port, first) for first in (b"", POST, POST + b"\r\n", b"") * 2]
        reader, writer = await dialled(port, POST + b"\r\n" + b"a" * 1000)
        async with asyncio.timeout(DEADLINE):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            for eldest in silent[:4]:
                assert await eldest[0].read() == b""
        for wire in (*silent, (reader, writer)):
            wire[1].close()


GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


async def gone(wire: Wire) -> None:
    """Until the server has let go of one who reads nothing: what is sent then comes back."""
    async with asyncio.timeout(DEADLINE):
        while not wire[1].is_closing():
            wire[1].write(b"x")
            await asyncio.sleep(0.02)


# aiohttp's own FileResponse, cut off while a thread opens its file, leaves that to the collector.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <_io.FileIO")
@pytest.mark.parametrize(
    "first",
    [pytest.param(GET % b"sound", id="a sound"), pytest.param((GET % b"file") * 4_000, id="files")],
)
async def test_who_does_not_read_is_cut_off(first: bytes) -> None:
    """Their answers lie in the kernel's memory, megabytes each, for as long as they like."""
    async with served(Bounds(unread=0.3, every=0.1)) as port:
        await gone(await asyncio.wait_for(dialled(port, first), DEADLINE))


async def test_who_does_not_read_gives_the_place_up_at_once() -> None:
    """A connection that is only closed keeps its descriptor until all is read."""
    async with served(Bounds(*NO_BOUNDS, most=1)) as port:
        unread = await dialled(port, GET % b"sound")
        await asyncio.wait_for(unread[0].readexactly(1), DEADLINE)
        other = await dialled(port, b"")
        await gone(unread)
        other[1].close()


async def test_who_was_served_last_goes_last() -> None:
    """Not who came first: that is a proxy, whose connections stay."""
    async with served(Bounds(*NO_BOUNDS, most=4, every=0.01)) as port:
        proxy, *silent = [await dialled(port, b"") for _ in range(4)]
        for wire in (proxy, silent[0]):
            async with asyncio.timeout(DEADLINE):
                wire[1].write(POST + b"\r\n" + b"a" * 1000)
                await wire[0].readuntil(b"a" * 1000)
        await asyncio.sleep(0.05)  # some sweeps
        newcomers = [await dialled(port, b"") for _ in range(2)]
        async with asyncio.timeout(DEADLINE):
            for eldest in silent[1:]:
                assert await eldest[0].read() == b""
            proxy[1].write(POST + b"\r\n" + b"b" * 1000)
            await proxy[0].readuntil(b"b" * 1000)
        for wire in (proxy, *silent, *newcomers):
            wire[1].close()


@pytest.mark.parametrize(("lines", "status"), [(HEADERS - 4, b"200"), (HEADERS + 1, b"400")])
async def test_a_head_has_so_many_lines(lines: int, status: bytes) -> None:
    more = b"".join(b"X-%d: x\r\n" % n for n in range(lines))
    async with served(Bounds()) as port:
        reader, writer = await dialled(port, POST + more + b"\r\n" + b"a" * 1000)
        async with asyncio.timeout(DEADLINE):
            assert (await reader.readline()).split()[1] == status
        writer.close()
