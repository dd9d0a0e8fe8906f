"""The `rehearse` command: joins a running server, or starts one of its own for the call.

Counterpart of ``server.py``, which is that server's program; the phone itself is
``terminal.py``.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import aiohttp
from aiohttp import web

from ivr.carrier.local.errors import LineError
from ivr.carrier.local.telephone import SOCKET_PATH
from ivr.carrier.local.terminal import HELP, Wiring, rehearse, stdin_lines

_START_WITHIN = 90.0  # seconds; the first start imports the demonstration city
_STOP_WITHIN = 10.0


class _There(StrEnum):
    """What an address has for a terminal."""

    PHONES = "phones"
    NO_PHONES = "no phones"
    NOTHING = "nothing"


_SAVED_ALONE = (
    "--save rings a server of its own, where nobody has called before: leave out --url, or --save"
)
_MISSING = {_There.NOTHING: "nothing answers", _There.NO_PHONES: "what answers has no phones"}


class NoHouse(LineError):
    """There is no server to ring: neither where it was asked for, nor one of our own."""


async def rehearse_at(base: str, url: str | None, save: Path | None, program: Path) -> int:
    """Ring the server at ``url``, else the one running at ``base``, else one started from
    ``program`` with a folder of its own. A call that is saved always has the latter: what others
    did before (cases of the same caller, lines that are taken) stands in no story. Lines come
    from standard input; the exit code. Raises KeyboardInterrupt where it was interrupted."""
    with _interruptible():
        return await _rung(base, url, save, program)


@contextmanager
def _interruptible() -> Iterator[None]:
    """An interrupt wakes the loop: one that comes just before it waits, Python's own handling
    notices with the next line only. Windows has Python's own."""
    rehearsing, interrupted = asyncio.current_task(), asyncio.Event()
    assert rehearsing is not None

    def interrupt() -> None:
        interrupted.set()
        rehearsing.cancel()

    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    except asyncio.CancelledError:
        if interrupted.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        with suppress(NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)


async def _rung(base: str, url: str | None, save: Path | None, program: Path) -> int:
    try:
        if save is not None and url is not None:
            raise NoHouse(_SAVED_ALONE)
        async with _house(base, url, program) if save is None else _own_house(program) as address:
            return await _at(address, save)
    except NoHouse as missing:
        _write(f"! {missing}")
        return 1


async def _at(address: str, save: Path | None) -> int:
    if isinstance(sys.stdin, io.TextIOWrapper):  # half a character, erased by hand, is no end
        sys.stdin.reconfigure(errors="replace")
    by_hand = sys.stdin.isatty()
    if by_hand:
        _write(HELP)
    return await rehearse(
        Wiring(
            base_url=address,
            lines=stdin_lines(),
            write=_write,
            now=_now,
            save=save,
            at_once=by_hand,
        )
    )


@asynccontextmanager
async def _house(base: str, url: str | None, program: Path) -> AsyncIterator[str]:
    """The address of a server that answers."""
    there = await _there(url or base)
    if there is _There.PHONES:
        yield url or base
        return
    if url is not None:
        raise NoHouse(f"{_MISSING[there]} at {url}; start the server there, or leave out --url")
    if there is _There.NO_PHONES:
        _write(f"({_MISSING[there]} at {base}: this call has a server of its own)")
    async with _own_house(program) as address:
        yield address


@asynccontextmanager
async def _own_house(program: Path) -> AsyncIterator[str]:
    """A server on a free port and in a folder that is gone afterwards."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="rehearse-", ignore_cleanup_errors=True) as folder:
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, str(program), "run"),
            env={**os.environ, **_settings(folder, port)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _until_it_answers(address, server)
            yield address
        finally:
            await _stop(server)


def _settings(folder: str, port: int) -> dict[str, str]:
    """A database that others use is none of its own."""
    wanted = {"HOST": "127.0.0.1", "PORT": str(port), "PUBLIC_URL": "", "DATA_DIR": folder}
    alone = {"DEMO": "true", "DATABASE_URL": "", "DATABASE_LISTEN_URL": "", "WORKERS": "1"}
    return {f"ZHITONG_{name}": value for name, value in {**wanted, **alone}.items()}


async def _until_it_answers(address: str, server: asyncio.subprocess.Process) -> None:
    end = time.monotonic() + _START_WITHIN
    while await _there(address) is not _There.PHONES:
        if server.returncode is not None or time.monotonic() > end:
            raise NoHouse("a server of our own did not start; `run` says why")
        await asyncio.sleep(0.1)


async def _stop(server: asyncio.subprocess.Process) -> None:
    if server.returncode is not None:
        return
    server.terminate()
    try:
        async with asyncio.timeout(_STOP_WITHIN):
            await server.wait()
    except TimeoutError:
        server.kill()
        await server.wait()


async def _there(address: str) -> _There:
    """A socket for phones asks for an upgrade: 400. Another program, or a server without DEMO,
    says anything else."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
            session.get(f"{address.rstrip('/')}{SOCKET_PATH}") as answer,
        ):
            asks = answer.status == web.HTTPBadRequest.status_code
            return _There.PHONES if asks else _There.NO_PHONES
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return _There.NOTHING


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _now() -> datetime:
    """The machine's time: a terminal is outside the server and its clock."""
    return datetime.fromtimestamp(time.time(), UTC)


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
