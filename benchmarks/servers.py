"""The servers that the benchmarks compare, each a process of its own on one core: started, stopped,
and kept still while another is measured. What they serve: `applications`."""

import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.caller import Account
from benchmarks.machine import usual

ROOT: Final = Path(__file__).parents[1]
SID: Final = "AC" + "b" * 32
TOKEN: Final = "benchmark"
KEY: Final = "benchmark-key-" + "k" * 32
SOON: Final = 120.0
"""Seconds for a start: a register of 100,000 numbers is compiled in some of them."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a server is given: its folder, its database (none: SQLite in the folder), its core,
    how many numbers its register holds (none: the demonstration's), and further settings by their
    names without the prefix."""

    folder: Path
    database: str = ""
    core: int | None = 0
    numbers: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    account: Account
    process: subprocess.Popen[bytes]
    place: Place


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start(kind: str, place: Place, port: int) -> Running:
    """Start one server and wait until it answers."""
    environment = {
        **usual(),
        "ZHITONG_DATA_DIR": str(place.folder),
        "ZHITONG_DATABASE_URL": place.database,
        "ZHITONG_PORT": str(port),
        "ZHITONG_ACCOUNT_SID": SID,
        "ZHITONG_AUTH_TOKEN": TOKEN,
        "ZHITONG_SECRET_KEY": KEY,
        "ZHITONG_TRANSCRIBER": "none",
        **{f"ZHITONG_MAX_CALLS{of}": "1000000" for of in ("", "_PER_CALLER", "_PER_NUMBER")},
        **{f"ZHITONG_{name}": value for name, value in place.settings.items()},
    }
    command = [sys.executable, "-m", "benchmarks.applications", kind]
    for name, given in (("--core", place.core), ("--numbers", place.numbers)):
        command += [] if given is None else [name, str(given)]
    process = subprocess.Popen(  # noqa: S603 - this project's own servers
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=(place.folder / "log").open("ab"),
    )
    _wait(f"http://127.0.0.1:{port}/healthz", process)
    return Running(Account(f"http://127.0.0.1:{port}", SID, TOKEN), process, place)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SOON
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310 - loopback
            return
        time.sleep(0.02)
    process.kill()
    raise SystemExit(f"the server behind {url} did not start")


@contextlib.contextmanager
def running(kind: str, database: str = "", numbers: int | None = None) -> Iterator[Running]:
    """A server for the length of a block, on a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="zhitong-bench-") as folder,
        at(kind, Place(Path(folder), database, numbers=numbers)) as server,
    ):
        yield server


@contextlib.contextmanager
def at(kind: str, place: Place) -> Iterator[Running]:
    """A server for the length of a block, on what is there already."""
    server = start(kind, place, free_port())
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
