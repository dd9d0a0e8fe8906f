"""A real PgBouncer in transaction mode before a PostgreSQL of the tests."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.deadline import DEADLINE
from tests.ports import free_port
from tools.guard import KILL, Guard
from tools.postgres import USER, Postgres

FOUND_AT: Final = "/usr/sbin"
"""Where Debian puts it, which is on no user's PATH."""
NOBODY: Final = 65534
SETTINGS: Final = """
[databases]
* = host={sockets} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 200
default_pool_size = 4
"""
"""Fewer connections than two servers open, so that each transaction may get another's."""


@contextlib.contextmanager
def bouncer(postgres: Postgres) -> Iterator[int]:
    """Its port. Skips the test where there is none, which CI does not bear."""
    path = os.pathsep.join((os.environ.get("PATH", ""), FOUND_AT))
    program = shutil.which("pgbouncer", path=path)
    if program is None:
        pytest.skip("no PgBouncer here: on Debian, apt install pgbouncer")
    folder, port = Path(tempfile.mkdtemp(prefix="zt-pgb-")), free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(SETTINGS.format(sockets=postgres.folder, user=USER, port=port))
    folder.chmod(0o755)
    who = NOBODY if os.geteuid() == 0 else None  # it refuses to run as root
    running = subprocess.Popen(
        [program, "-q", settings], user=who, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with Guard(KILL, running.pid):
            _wait(port, running)
            yield port
    finally:
        running.kill()
        running.wait()
        shutil.rmtree(folder)


def _wait(port: int, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        assert running.poll() is None, "it ended at once"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("it took no connection in time")
