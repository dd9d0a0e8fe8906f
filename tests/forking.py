"""The process from which a worker's programs are forked (`tests.programs` speaks to it): it has
read our modules, which is three quarters of the processor time that a server takes to begin. Where
the socket that it is given ends, so does it, and all that it forked."""

import contextlib
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import types
from importlib import import_module
from typing import Final, NamedTuple

BEFORE: Final = (
    "server",
    "alembic.command",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "asyncpg",
    "pytest",
)
"""What most programs read, and the first start over a new folder."""
MOST: Final = 256 * 1024
"""Bytes of one request: the words, an environment."""
STREAMS: Final = 3
LIBC: Final = ctypes.CDLL(None)
PR_SET_PDEATHSIG: Final = 1
"""prctl(2): which signal comes when the parent has ended."""


class Asked(NamedTuple):
    """What one program is told, as an interpreter would be."""

    words: list[str]
    folder: str
    environment: dict[str, str]


class Forking:
    """Forks for whoever asks, and writes how each ended into a pipe that came with the request."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        self._ends: dict[int, tuple[int, int]] = {}

    def until_child(self) -> Asked | None:
        """In a program that was forked: what it is to do. None once nobody asks any more."""
        while True:
            asked = self._asked.fileno()
            ready, _, _ = select.select([asked, *self._ends], [], [])
            for child in self._ends.keys() & ready:
                self._ended(child)
            if asked in ready:
                message, streams, _, _ = socket.recv_fds(self._asked, MOST, STREAMS + 1)
                if not message:
                    return None
                if self._forked(streams):
                    return Asked(**json.loads(message))

    def _forked(self, given: list[int]) -> bool:
        """Whether this is the child."""
        assert threading.active_count() == 1, "what a thread holds would be held for ever"
        *streams, told = given
        parent, child = os.getpid(), os.fork()
        if child == 0:
            _end_with(parent)
            self._leave(streams, told)
            return True
        for stream in streams:
            os.close(stream)
        self._ends[os.pidfd_open(child)] = (child, told)
        self._asked.send(str(child).encode())
        return False

    def _leave(self, streams: list[int], told: int) -> None:
        """Nothing of the others' stays open in the child."""
        for place, stream in enumerate(streams):
            os.dup2(stream, place)
            os.close(stream)
        os.close(told)
        for pidfd, (_, other) in self._ends.items():
            os.close(pidfd)
            os.close(other)
        self._asked.close()

    def _ended(self, pidfd: int) -> None:
        child, told = self._ends.pop(pidfd)
        _, status = os.waitpid(child, 0)
        os.close(pidfd)
        with contextlib.suppress(BrokenPipeError):  # its test has ended without asking
            os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(told)


def _end_with(parent: int) -> None:
    """Whoever asked may be cut off before his test can stop what he began."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended just before
        os._exit(1)


def carry_out(asked: Asked) -> None:
    """As `python words`, from where an interpreter is ready to run them."""
    os.chdir(asked.folder)
    os.environ.clear()
    os.environ.update(asked.environment)
    # What they write to is another kind of file now.
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - until the end
    sys.stderr = open(  # noqa: SIM115 - same
        2, "w", buffering=1, errors="backslashreplace", closefd=False
    )
    first, *rest = asked.words
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), main.__dict__)  # noqa: S102 - a test's own
    elif first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = asked.words
        runpy.run_path(first, run_name="__main__")


def main(descriptor: int) -> None:
    for name in BEFORE:
        import_module(name)
    gc.collect()
    gc.freeze()  # so that a look at it copies no page into a child
    if (asked := Forking(socket.socket(fileno=descriptor)).until_child()) is not None:
        carry_out(asked)


if __name__ == "__main__":
    main(int(sys.argv[1]))
