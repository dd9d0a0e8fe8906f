"""An engine in a process of its own: begun when it is first needed, asked one thing at a time,
ended when it hangs, lies, has had nothing to do for long, or the server ends. It holds no secret.

What it runs is a program (the counterpart, `program`) that reads questions and writes answers as
frames, says first that it is ready, and ends by itself when its input does: then the server is
gone, however it went."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import orjson

from ivr.engine.frames import HEAD, MOST_ANSWER, FrameError, framed, length_of

BEGINS_WITHIN: Final = 40.0
"""Seconds until an engine is ready: its packages are read, its model joined and checked."""
IDLE: Final = 600.0
"""Seconds after its last answer, until its memory is given back."""
ENDS_WITHIN: Final = 5.0
"""Seconds for the system to take a killed process away."""
ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = frozenset({
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "USERPROFILE", "LOCALAPPDATA", "ESPEAK_DATA_PATH",
})  # fmt: skip
_LOW_PRIORITY: Final = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
"""On Windows; elsewhere the program steps back by itself."""
MOST_SAID: Final = 300
"""Characters of a reason that are repeated to the operator."""


class EngineError(Exception):
    """The engine's process gave no answer; the message says why."""


class EngineAway(EngineError):
    """It cannot begin: something of our own has to be mended, or is in use."""


class EngineTaken(EngineAway):
    """Another process of this server has it, for as long as that has work for it."""


class EngineFailed(EngineError):
    """It died, hung or answered nonsense. It begins anew when it is asked again."""


class Turn(Protocol):
    """What only one process of the machine may hold: its engine's place."""

    def take(self) -> None:
        """Raises what is one of `Program.taken` where another has it."""
        ...

    def release(self) -> None: ...


class NoTurn:
    """Where nobody else would take it."""

    def take(self) -> None: ...

    def release(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: its command and what its environment holds besides a few names of the system's.
    `idle` is None where it stays as long as the server; `most_answer` bounds an answer, in bytes.
    `turn` is taken before it begins; `taken` are the errors which say that another has it."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    begins_within: float = BEGINS_WITHIN
    idle: float | None = IDLE
    most_answer: int = MOST_ANSWER
    turn: Turn = field(default_factory=NoTurn)
    taken: tuple[type[Exception], ...] = ()


def of_module(module: str, *words: str) -> Sequence[str]:
    """A module of ours as a command."""
    return (sys.executable, "-m", module, *words)


class EngineProcess:
    """One program, alive or not. Whoever asks, asks one thing at a time."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._running: asyncio.subprocess.Process | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._sent_home = False

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return None if self._running is None else self._running.pid

    @property
    def alive(self) -> bool:
        """Whether there is a process that has not ended."""
        return self._running is not None and self._running.returncode is None

    async def begin(self) -> None:
        """Have it ready before it is asked. Raises EngineAway."""
        try:
            await self._begun()
        except BaseException:
            await self._end()
            raise

    async def ask(self, question: Sequence[bytes], seconds: float) -> bytes:
        """The answer to the frames of a question, `seconds` after it is ready at the latest; it is
        begun where it does not run. Raises EngineAway, EngineFailed. Cut off, it is ended: what it
        answers later would be taken for another question's."""
        self._stop_resting()
        try:
            process = await self._begun()
            async with asyncio.timeout(seconds):
                answer = await _answered(process, question, self._program.most_answer)
        except TimeoutError:
            await self._end()
            raise EngineFailed(f"the engine gave no answer within {seconds:g} s") from None
        except (FrameError, OSError, EOFError) as wrong:
            await self._end()
            raise EngineFailed(f"the engine died or answered nonsense: {_short(wrong)}") from None
        except BaseException:
            await self._end()
            raise
        self._rest()
        return answer

    async def refuse(self) -> None:
        """End it: what it answered is nothing that it may answer."""
        await self._end()

    async def close(self) -> None:
        """End it, where it runs."""
        self._stop_resting()
        await self._end()

    async def _begun(self) -> asyncio.subprocess.Process:
        running = self._running
        if running is not None and running.returncode is None and not self._sent_home:
            return running
        await self._end()
        program = self._program
        try:
            program.turn.take()
        except program.taken as other:
            raise EngineTaken("another process of this server has it at work") from other
        try:
            async with asyncio.timeout(program.begins_within):
                self._running = await _started(program)
                said = orjson.loads(await _frame(self._running, MOST_ANSWER))
        except TimeoutError:
            seconds = program.begins_within
            raise EngineAway(f"the engine was not ready within {seconds:g} s") from None
        except (OSError, EOFError, FrameError, orjson.JSONDecodeError) as wrong:
            raise EngineAway(f"the engine cannot begin: {_short(wrong)}") from None
        if not isinstance(said, dict) or said.get("ready") is not True:
            why = said.get("failed") if isinstance(said, dict) else None
            raise EngineAway(f"the engine cannot begin: {_short(why or 'it does not say why')}")
        return self._running

    async def _end(self) -> None:
        process, self._running, self._sent_home = self._running, None, False
        try:
            if process is not None:
                await _killed(process)
        finally:
            self._program.turn.release()

    def _rest(self) -> None:
        if (idle := self._program.idle) is not None:
            self._resting = asyncio.get_running_loop().call_later(idle, self._send_home)

    def _stop_resting(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def _send_home(self) -> None:
        """Its memory is given back; whoever asks next, or closes, waits for its end."""
        self._sent_home = True
        if self._running is not None:
            _kill(self._running)
        self._program.turn.release()


async def _started(program: Program) -> asyncio.subprocess.Process:
    """Without a copy of our memory, our files or our secrets."""
    kept = {name: told for name, told in os.environ.items() if name.upper() in _KEPT}
    return await asyncio.create_subprocess_exec(
        *program.command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=ROOT,
        env={**kept, **program.environment},
        creationflags=_LOW_PRIORITY,
        start_new_session=True,  # so that what it begins ends with it; Windows knows none
    )


def _kill(process: asyncio.subprocess.Process) -> None:
    """With whatever it began, which would hold its pipes open and go on behind our back. Once it is
    known to have ended its number may be another's."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform != "win32" and process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


async def _killed(process: asyncio.subprocess.Process) -> None:
    _kill(process)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ENDS_WITHIN):
            await process.wait()


async def _answered(
    process: asyncio.subprocess.Process, question: Sequence[bytes], most: int
) -> bytes:
    assert process.stdin is not None
    for frame in question:
        process.stdin.write(framed(frame))
        await process.stdin.drain()
    return await _frame(process, most)


async def _frame(process: asyncio.subprocess.Process, most: int) -> bytes:
    """Raises FrameError, EOFError."""
    assert process.stdout is not None
    head = await process.stdout.readexactly(HEAD)
    return await process.stdout.readexactly(length_of(head, most))


def _short(why: object) -> str:
    """A reason on one line, of visible signs."""
    said = "its process ended" if isinstance(why, EOFError) else " ".join(str(why).split())
    return "".join(sign for sign in said if sign.isprintable())[:MOST_SAID]
