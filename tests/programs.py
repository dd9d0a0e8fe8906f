"""Programs that a test starts with Python: processes of their own, as `asyncio.subprocess` would
start them, with the same words, folder, environment, streams, signals and exit codes. On Linux they
are forked from one that has read our modules (`tests.forking`). Who shows what reading them does
starts an interpreter itself."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from tests.forking import MOST

ROOT: Final = Path(__file__).parents[1]
PIPE: Final = asyncio.subprocess.PIPE
UNKNOWN: Final = b"255"
"""The exit code of one whose end nobody saw."""

Stream = int | IO[Any] | None


class Heard(asyncio.StreamReaderProtocol):
    """A pipe, whose end can be waited for."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self.ended = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.ended.set()


class Program:
    """One that was forked."""

    def __init__(self, pid: int, told: int) -> None:
        self.pid, self._told = pid, told
        self.returncode: int | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None
        self._ended = asyncio.Event()
        self._said: list[Heard] = []
        asyncio.get_running_loop().add_reader(told, self._hear)

    def _hear(self) -> None:
        asyncio.get_running_loop().remove_reader(self._told)
        said = os.read(self._told, 20)
        os.close(self._told)
        self.returncode = int(said or UNKNOWN)
        self._ended.set()

    async def reads(self, pipe: int | None) -> asyncio.StreamReader | None:
        """What it writes into a pipe."""
        if pipe is None:
            return None
        reader = asyncio.StreamReader()
        self._said.append(Heard(reader))
        heard = self._said[-1]
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: heard, os.fdopen(pipe, "rb", buffering=0)
        )
        return reader

    async def wait(self) -> int:
        """Its exit code, once it has ended and its pipes with it."""
        await self._ended.wait()
        for one in self._said:
            await one.ended.wait()
        assert self.returncode is not None
        return self.returncode

    async def communicate(self) -> tuple[bytes | None, bytes | None]:
        """All that it says, once it has ended."""
        said = await asyncio.gather(_all_of(self.stdout), _all_of(self.stderr))
        await self.wait()
        return said[0], said[1]

    def send_signal(self, number: int) -> None:
        """Where it lives."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def _all_of(stream: asyncio.StreamReader | None) -> bytes | None:
    return None if stream is None else await stream.read()


AnyProgram = Program | asyncio.subprocess.Process


class Parent:
    """The process that forks, from the first program on until the worker's end."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(theirs.fileno())],
                pass_fds=[theirs.fileno()], cwd=ROOT, start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        self._socket = ours

    def fork(self, message: bytes, streams: list[int]) -> int:
        """The child's pid."""
        assert len(message) <= MOST
        socket.send_fds(self._socket, [message], streams)
        said = self._socket.recv(20)
        assert said, "what forks has ended: see what it says on standard error"
        return int(said)

    def end(self) -> None:
        self._socket.close()
        self._process.wait()


_PARENTS: Final[list[Parent]] = []
_TURN: Final = threading.Lock()


def end_all() -> None:
    """At the end of a worker."""
    while _PARENTS:
        _PARENTS.pop().end()


def _fork(message: bytes, streams: list[int]) -> int:
    with _TURN:
        if not _PARENTS:
            _PARENTS.append(Parent())
        return _PARENTS[0].fork(message, streams)


async def begin(
    *words: str,
    cwd: Path,
    env: Mapping[str, str],
    stdout: Stream = None,
    stderr: Stream = None,
) -> AnyProgram:
    """`python words`; its standard input is empty."""
    if sys.platform != "linux":
        return await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=cwd, env=env, stdout=stdout, stderr=stderr,
            stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    message = json.dumps({"words": words, "folder": str(cwd), "environment": dict(env)}).encode()
    with contextlib.ExitStack() as theirs, open(os.devnull, "rb") as nothing:  # noqa: ASYNC230, PTH123 - empty

        def opened(given: Stream, usual: int) -> tuple[int, int | None]:
            """What it writes to, and where that is read."""
            if given != PIPE:
                return (usual if given is None else _number(given)), None
            read, write = os.pipe()
            theirs.callback(os.close, write)
            return write, read

        (out, said), (err, complained) = opened(stdout, 1), opened(stderr, 2)
        told, tells = os.pipe()
        theirs.callback(os.close, tells)
        pid = await asyncio.to_thread(_fork, message, [nothing.fileno(), out, err, tells])
    program = Program(pid, told)
    program.stdout, program.stderr = await program.reads(said), await program.reads(complained)
    return program


def _number(stream: int | IO[Any]) -> int:
    return stream if isinstance(stream, int) else stream.fileno()
