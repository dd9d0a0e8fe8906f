"""The servers that the benchmarks compare, each a process of its own on one core: ours (with and
without its outbox at work), bare aiohttp, and a step of SDK and ORM around the same `advance`."""

import argparse
import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from benchmarks.caller import Account
from benchmarks.machine import pin, usual

ROOT: Final = Path(__file__).parents[1]
SID: Final = "AC" + "b" * 32
TOKEN: Final = "benchmark"
KEY: Final = "benchmark-key-" + "k" * 32
CONSTANT: Final = b"<Response>" + b"x" * 379 + b"</Response>"
"""400 bytes, as the floor answers."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    account: Account
    process: subprocess.Popen[bytes]
    folder: Path


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start(kind: str, folder: Path, port: int, core: int | None = 0) -> Running:
    """Start one server and wait until it answers."""
    environment = {
        **usual(),
        "ZHITONG_DATA_DIR": str(folder),
        "ZHITONG_PORT": str(port),
        "ZHITONG_ACCOUNT_SID": SID,
        "ZHITONG_AUTH_TOKEN": TOKEN,
        "ZHITONG_SECRET_KEY": KEY,
        "ZHITONG_TRANSCRIBER": "none",
        **{f"ZHITONG_MAX_CALLS{of}": "1000000" for of in ("", "_PER_CALLER", "_PER_NUMBER")},
    }
    command = [sys.executable, "-m", "benchmarks.servers", kind, str(folder), str(port)]
    if core is not None:
        command.append(str(core))
    process = subprocess.Popen(  # noqa: S603 - this project's own servers
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("ab"),
    )
    _wait(f"http://127.0.0.1:{port}/healthz", process)
    return Running(Account(f"http://127.0.0.1:{port}", SID, TOKEN), process, folder)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310 - loopback
            return
        time.sleep(0.02)
    raise SystemExit(f"the server behind {url} did not start")


@contextlib.contextmanager
def running(kind: str, core: int | None = 0) -> Iterator[Running]:
    """A server for the length of a block, on a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="zhitong-bench-") as folder:
        server = start(kind, Path(folder), free_port(), core)
        try:
            yield server
        finally:
            server.process.kill()
            server.process.wait()


@contextlib.contextmanager
def alone(server: Running, servers: dict[str, Running]) -> Iterator[None]:
    """The other servers stand still meanwhile: what they have left to do waits."""
    others = [other.process for other in servers.values() if other is not server]
    for process in others:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in others:
            process.send_signal(signal.SIGCONT)


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _constant(_: web.Request) -> web.Response:
    return web.Response(body=CONSTANT, content_type="text/xml")


async def bare(_: Path) -> web.Application:
    """The floor: a constant answer, the body unread."""
    app = web.Application()
    app.router.add_post(r"/{any:.*}", _constant)
    app.router.add_get("/healthz", _health)
    return app


async def ours(folder: Path) -> web.Application:
    """The product as `server.py` puts it together."""
    from deployment.pauses import keep_short  # noqa: PLC0415 - the floor goes without
    from deployment.settings import Settings  # noqa: PLC0415 - the floor goes without
    from server import build_app  # noqa: PLC0415 - the floor goes without
    from storage.schema import migrate  # noqa: PLC0415 - the floor goes without

    migrate(folder / "zhitong.db")
    app = await build_app(Settings())
    keep_short()
    return app


async def steps(folder: Path) -> web.Application:
    """Ours, whose outbox stands still: texts, mails and recordings are kept as jobs, in the
    step's own transaction, and wait."""
    from server import background  # noqa: PLC0415 - the floor goes without

    app = await ours(folder)
    app.cleanup_ctx.remove(background)
    return app


async def sdk_orm(folder: Path) -> web.Application:
    """What such a server usually is: validator, session and builder of each request."""
    from benchmarks.sdk_orm import application  # noqa: PLC0415 - the others go without

    return await application(folder, TOKEN)


KINDS: Final[dict[str, Any]] = {
    "bare": bare,
    "steps": steps,
    "ours": ours,
    "sdk-orm": sdk_orm,
}


async def serve(kind: str, folder: Path, port: int) -> None:
    """Serve until killed."""
    runner = web.AppRunner(await KINDS[kind](folder), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    await asyncio.Event().wait()


def main() -> None:
    """`python -m benchmarks.servers KIND FOLDER PORT [CORE]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("core", type=int, nargs="?")
    asked = parser.parse_args()
    if asked.core is not None:
        pin(asked.core)
    asyncio.run(serve(asked.kind, asked.folder, asked.port))


if __name__ == "__main__":
    main()
