"""Ways in which a database is gone while its server lives, on the real application."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from deployment.house import House
from storage.errors import ReadOnly, StorageError
from tools.postgres import Postgres

Outage = Callable[[House], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def locked(house: House) -> AsyncIterator[None]:
    """Another program holds the database: SQLite waits five seconds for it, and gives up."""
    other = sqlite3.connect(house.settings.data_dir / "zhitong.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@asynccontextmanager
async def hanging(house: House) -> AsyncIterator[None]:
    """Whatever is asked, nothing is answered: a network that swallows, a disk that waits."""
    over = asyncio.Event()

    async def never(*_: object, **__: object) -> Any:
        await over.wait()
        raise StorageError("the connection was lost")

    async with _instead(house, never):
        yield
        over.set()


@asynccontextmanager
async def readonly(house: House) -> AsyncIterator[None]:
    """Every write is refused by the driver; what is there can be read."""

    async def refused(*_: object, **__: object) -> Any:
        raise ReadOnly("the database may not be written")

    async with _instead(house, refused, reads=False):
        yield


@asynccontextmanager
async def _instead(
    house: House, answer: Callable[..., Any], *, reads: bool = True
) -> AsyncIterator[None]:
    async def kept(steps: Sequence[object]) -> Sequence[object]:
        try:
            await answer()
        except StorageError as wrong:
            return [wrong] * len(steps)
        raise AssertionError("it answers with an error alone")

    async def unit() -> AsyncIterator[None]:
        await answer()
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.journal._rows, "keep", kept)
        for name in ("brief", *(("read", "look") if reads else ())):
            patch.setattr(house.database, name, answer)
        for name in ("unit_of_work", *(("reading",) if reads else ())):
            patch.setattr(house.database, name, asynccontextmanager(unit))
        yield


@asynccontextmanager
async def stopped(postgres: Postgres) -> AsyncIterator[None]:
    """Every process of it is stopped, and goes on afterwards as if nothing had been."""
    assert postgres._running is not None
    first = psutil.Process(postgres._running.pid)
    held = [first, *first.children(recursive=True)]
    for each in held:
        each.suspend()
    try:
        yield
    finally:
        for each in held:
            each.resume()


OUTAGES: dict[str, Outage] = {"locked": locked, "hanging": hanging, "read-only": readonly}


def may_mount() -> bool:
    """Whether a small disk can be had."""
    return sys.platform == "linux" and os.geteuid() == 0


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own, of so many bytes."""
    folder.mkdir(exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    subprocess.run(["mount", *options], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Not a byte is left; returns what takes the room."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for piece in (65_536, 4_096, 1):
            try:
                while file.write(bytes(piece)) == piece:
                    pass
            except OSError:
                continue
    return ballast
