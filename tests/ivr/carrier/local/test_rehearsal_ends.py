"""The end of input ends a rehearsal, at a real terminal and from a pipe, each as a real process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import LINE, House, twiml

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals", allow_module_level=True)

import pty

ROOT = Path(__file__).parents[4]
PHONE = """
import asyncio, sys
from pathlib import Path
from ivr.carrier.local.rehearsal import rehearse_at
sys.exit(asyncio.run(rehearse_at(sys.argv[1], sys.argv[1], None, Path("unused"))))
"""
ELSEWHERE = """
import signal, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
"""
"""Then an interrupt does not cut off what the main thread waits for: as one that comes just before
it begins to wait."""
END = b"\x04"  # Ctrl-D


@dataclass
class Typist:
    """One at the terminal: `own` is his end of it, `seen` what he read."""

    own: int
    program: asyncio.subprocess.Process
    seen: bytes = b""

    def type(self, keys: bytes) -> None:
        os.write(self.own, keys)

    async def sees(self, words: str) -> None:
        """Read on until the words are there."""
        async with asyncio.timeout(DEADLINE):
            while words.encode() not in self.seen:
                assert await self._read(), self.seen.decode(errors="replace")

    async def sees_again(self, words: str) -> None:
        """A second time: what was asked for is done, and nothing else is."""
        await self.sees(words)
        self.seen = self.seen.partition(words.encode())[2]
        await self.sees(words)

    async def sees_the_end(self) -> int:
        """The exit code, once the program has ended."""
        try:
            async with asyncio.timeout(DEADLINE):
                while await self._read():
                    pass
                return await self.program.wait()
        except TimeoutError:
            raise AssertionError(f"still there: {self.seen.decode(errors='replace')}") from None

    async def _read(self) -> bool:
        came = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.own, came.set)
        try:
            await came.wait()
        finally:
            loop.remove_reader(self.own)
        piece = b""
        with suppress(OSError):  # Linux: the other end is closed
            piece = os.read(self.own, 65536)
        self.seen += piece
        return bool(piece)


@asynccontextmanager
async def terminal(house: House, before: str = "") -> AsyncIterator[Typist]:
    """A rehearsal at a terminal of its own, where input must be UTF-8."""
    own, theirs = pty.openpty()
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", before + PHONE, house.base),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Typist(own, program)
    finally:
        os.close(own)
        with suppress(ProcessLookupError):
            program.kill()
        await program.wait()


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(END, id="an empty line"),
        pytest.param(b"say \xe6\x88\n" + END, id="after half a character"),
    ],
)
async def test_ctrl_d_ends_a_call_at_the_terminal(house: House, keys: bytes) -> None:
    house.replies["/voice/answer"] = twiml('<Gather timeout="200"><Say>hello</Say></Gather>')
    async with terminal(house) as typist:
        await typist.sees("hang up")
        typist.type(f"ring {LINE}\n".encode())
        await typist.sees("hello")
        typist.type(keys)
        assert await typist.sees_the_end() == 0, typist.seen
    assert b"(hung up: completed)" in typist.seen
    assert b"Traceback" not in typist.seen


async def test_ctrl_d_in_the_middle_of_a_line_does_it_and_ends(house: House) -> None:
    house.replies["/voice/answer"] = twiml('<Gather timeout="200"><Say>hello</Say></Gather>')
    async with terminal(house) as typist:
        await typist.sees("hang up")
        typist.type(f"ring {LINE}\n".encode())
        await typist.sees("hello")
        typist.type(b"hang" + END)  # hands on what is there
        typist.type(END)
        assert await typist.sees_the_end() == 0, typist.seen
    assert b"not understood: hang" in typist.seen


async def test_ctrl_d_before_anything_ends_it(house: House) -> None:
    async with terminal(house) as typist:
        typist.type(END)
        assert await typist.sees_the_end() == 0, typist.seen


async def test_it_ends_when_its_terminal_is_gone(house: House) -> None:
    async with terminal(house) as typist:
        await typist.sees("hang up")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, typist.own)  # which stays his number, and nobody else's
        os.close(nothing)
        async with asyncio.timeout(DEADLINE):
            await typist.program.wait()


@pytest.mark.parametrize("last", [f"ring {LINE}\n", f"ring {LINE}", ""])
async def test_the_end_of_a_pipe_ends_it(house: House, last: str) -> None:
    house.replies["/voice/answer"] = twiml('<Gather timeout="200"><Say>hello</Say></Gather>')
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PHONE, house.base),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(DEADLINE):
            out, _ = await program.communicate(last.encode())
    finally:
        with suppress(ProcessLookupError):
            program.kill()
        await program.wait()
    assert program.returncode == 0, out
    assert (b"hello" in out) == bool(last)


@pytest.mark.parametrize("before", ["", ELSEWHERE], ids=["at once", "while nothing else happens"])
async def test_an_interrupted_one_ends_quietly(house: House, before: str) -> None:
    """Its reader still waits for a line; Python must not stumble over it when it leaves."""
    async with terminal(house, before) as typist:
        typist.type(b"help\n")
        await typist.sees_again("hang up")
        typist.program.send_signal(signal.SIGINT)
        assert await typist.sees_the_end() != 0
    assert b"Fatal" not in typist.seen
