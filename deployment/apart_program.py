"""The program of `apart`: takes pieces of work as the server pickled them, answers what they return
or raise, steps back behind calls, ends with the server."""

import gc
import pickle
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import deployment.apart
import deployment.reviewing  # noqa: F401 - as the next
import routing.publishing.composing  # noqa: F401 - what is asked of it is ready when it says so
from ivr.engine.frames import read_frame
from ivr.engine.program import answer, listened, own_output, step_back, tell
from routing.rules.document import keep_last_read

MOST_QUESTION: Final = 256 * 1024 * 1024
NICE: Final = 5
"""Behind calls; but an admin waits for it."""
TEXTS: Final = 2
"""Of rules, kept as they were read: the plan's before and after."""
MOST_MEMORY: Final = 4 * 1024**3
"""Bytes that it may fill: 200,000 rules take half of it. One that wants more fails alone."""


def main() -> None:
    """Until the server ends it."""
    out = own_output()
    step_back(NICE)
    keep_last_read(TEXTS)
    bound_memory(MOST_MEMORY)
    gc.disable()  # plans hold no cycles, and a look at a million objects is most of the time
    tell(out, {"ready": True})
    for question in listened(sys.stdin.buffer, take):
        answer(out, carried_out(question))


def take(pipe: BinaryIO) -> bytes | None:
    """The next question; None at the end."""
    return read_frame(pipe, MOST_QUESTION)


def carried_out(question: bytes) -> bytes:
    """What came of it: a value and None, or None and what was raised."""
    try:
        work: Callable[[], Any] = pickle.loads(question)  # noqa: S301 - the server's own bytes
        return pickle.dumps((work(), None))
    except Exception as error:  # noqa: BLE001 - whoever asked is told
        return pickle.dumps((None, _sendable(error)))


def _sendable(error: Exception) -> Exception:
    """Itself, where it comes back as it is."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - whatever it lacks for that
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def bound_memory(most: int) -> None:
    """Where the system can."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))


if __name__ == "__main__":
    main()
