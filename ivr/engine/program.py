"""What an engine's program does beside its own work: takes questions in, answers in frames, steps
back, ends with the server. The counterpart of `process`, which begins it."""

import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import orjson

from ivr.engine.frames import framed

NICE: Final = 10
"""Behind calls, and yet with some of a machine that is always busy."""

_Asked = TypeVar("_Asked")


def own_output() -> BinaryIO:
    """Frames alone go where the server listens: what a library prints goes where errors go."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def step_back(nice: int = NICE) -> None:
    """Calls come first: this waits wherever something else wants the processor, and is the first
    to go where memory ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends this
    if sys.platform != "win32":
        os.nice(nice)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def listened(pipe: BinaryIO, take: Callable[[BinaryIO], _Asked | None]) -> Iterator[_Asked]:
    """The questions of a pipe, each as `take` reads it, taken in by a thread while the engine is
    at work. At the end of the pipe, or at what is no question, this process ends at once: nobody
    wants an answer any more, and nothing here has to be saved."""
    questions: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()

    def listen() -> None:
        try:
            while (asked := take(pipe)) is not None:
                questions.put(asked)
        finally:
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return iter(questions.get, None)


def answer(out: BinaryIO, content: bytes) -> None:
    """One frame, at once."""
    out.write(framed(content))
    out.flush()


def tell(out: BinaryIO, what: Mapping[str, Any]) -> None:
    """One frame of JSON. The first of a program says `ready`, or `failed` and why."""
    answer(out, orjson.dumps(what))
