"""What is said where the program ends before `main` can say it: the wrong Python, packages that are
not here, Ctrl-C while modules are read. `server.py` imports it first, for what it does to
`sys.excepthook`; a Python that is too old must be able to read it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

OLDEST = (3, 11)
FOLDERS = ("deployment", "ivr", "routing", "storage")
"""Our own packages: one that is missing is no matter of what is installed."""


def sentence(error: BaseException, python: tuple[int, ...] = sys.version_info[:2]) -> str | None:
    """What to do about `error`; None where only the traceback helps."""
    if python < OLDEST:
        here, least = (".".join(map(str, version)) for version in (python, OLDEST))
        return (
            f"this is Python {here}, and {least} or newer is needed: start with `uv run server.py`"
        )
    package = (getattr(error, "name", None) or "").split(".")[0]
    if isinstance(error, ModuleNotFoundError) and package not in FOLDERS:
        return f"{package} is not installed for this Python: start with `uv run server.py`"
    return None


def say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """One sentence, or nothing after Ctrl-C; all else as it would be without us."""
    if issubclass(kind, KeyboardInterrupt):
        return
    told = sentence(error)
    if told is None:
        sys.__excepthook__(kind, error, trace)
    else:
        sys.stderr.write(f"server.py: {told}\n")


sys.excepthook = say
