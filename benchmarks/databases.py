"""Where the servers of a benchmark keep their data: SQLite in each one's own folder, or a database
each of one real PostgreSQL, which flushes every commit and runs beside the caller."""

import argparse
import contextlib
import sqlite3
from collections.abc import Iterator
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import psutil

from benchmarks.machine import cpu_with_children
from benchmarks.servers import Place
from tools.postgres import Postgres

CALLER_CORE: Final = 1
"""PostgreSQL shares it: the server has a core to itself, as where the database is elsewhere."""
FLUSHED: Final[tuple[str, ...]] = ()
"""No options: fsync and full pages are on unless told otherwise."""


class Kind(StrEnum):
    """Which database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Databases:
    """New databases of one kind; `postgres` is None on SQLite."""

    def __init__(self, kind: Kind, postgres: Postgres | None) -> None:
        self.kind = kind
        self.postgres = postgres

    def new(self, name: str) -> str:
        """The address of a new, empty one; nothing on SQLite, which makes its file itself."""
        if self.postgres is None:
            return ""
        self.postgres.run(f"CREATE DATABASE {name}")
        return self.postgres.url(name)

    def ask(self, place: Place, sql: str) -> list[list[str]]:
        """The rows of a query as texts, from the database of a server at this place."""
        if self.postgres is not None:
            name = urlsplit(place.database).path.strip("/")
            return [row.split("|") for row in self.postgres.run(sql, name).splitlines()]
        file = sqlite3.connect(f"file:{place.folder / 'zhitong.db'}?mode=ro", uri=True)
        rows = file.execute(sql).fetchall()
        file.close()
        return [["" if cell is None else str(cell) for cell in row] for row in rows]

    def cpu(self) -> float:
        """CPU seconds of PostgreSQL's own processes so far; SQLite's are the server's."""
        return 0.0 if self.postgres is None else cpu_with_children(self.postgres.running())

    def flush(self) -> None:
        """What earlier rounds have left to be written is written now."""
        if self.postgres is not None:
            self.postgres.run("CHECKPOINT")


@contextlib.contextmanager
def databases(kind: Kind, core: int | None = CALLER_CORE) -> Iterator[Databases]:
    """For the length of a block."""
    if kind is Kind.SQLITE:
        yield Databases(kind, None)
        return
    with Postgres.temporary(FLUSHED) as server:
        if core is not None:
            keep_on(server, core)
        yield Databases(kind, server)


def keep_on(server: Postgres, core: int) -> None:
    """On one core, as all that it starts later."""
    for process in server.running():
        # macOS moves processes as it likes, and one may have ended meanwhile.
        with contextlib.suppress(AttributeError, psutil.NoSuchProcess):
            process.cpu_affinity([core])


def ask_database(parser: argparse.ArgumentParser) -> None:
    """The option of every script that can be run on either."""
    parser.add_argument(
        "--database",
        type=Kind,
        choices=list(Kind),
        default=Kind.SQLITE,
        help="what the servers keep their data in (default: sqlite)",
    )
