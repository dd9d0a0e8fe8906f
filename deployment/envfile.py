"""The names of settings, in the environment and in `.env`: one that nothing reads, and a line that
cannot be read, would leave a default in force that nobody chose. Used by `deployment.settings`."""

import difflib
import io
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream

PREFIX: Final = "ZHITONG_"
TESTS_OWN: Final = frozenset({"CHROMIUM", "REQUIRE_BROWSER", "NO_SKIPS", "TWILIO_CONTRACT"})
"""What the tests read under the same prefix, and hand on to the servers that they start."""


def spelled_out(sentence: str, settings: Collection[str]) -> str:
    """A sentence for a terminal: settings in it as they are written in `.env`."""
    names = "|".join(sorted(settings, key=len, reverse=True))
    return re.sub(rf"(?<![\w./-])({names})(?![\w./-])", rf"{PREFIX}\1", sentence)


def faults(path: Path, settings: Collection[str]) -> list[str]:
    """A sentence for each line of `path` and each name of the environment that is no setting.
    `settings` are their names without prefix, in capitals. Raises OSError, UnicodeDecodeError."""
    known = {*settings, *TESTS_OWN}
    lines = list(_lines(path))
    unread = [
        f"line {line} of {path} cannot be read: write NAME=value"
        for line, name in lines
        if not name
    ]
    names = sorted({name.upper() for name in (*os.environ, *(name for _, name in lines))})
    ours = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    return [*unread, *(_stranger(name, settings) for name in ours if name not in known)]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and name of each line that sets something; no name where it cannot be read."""
    if not path.is_file():
        return
    for found in parse_stream(io.StringIO(path.read_text(encoding="utf-8"))):
        text = found.original.string
        start = found.original.line + len(text) - len(text.lstrip("\n"))
        if found.error or (found.key is not None and found.value is None):
            yield start, ""
        elif found.key is not None:
            yield start, found.key


def _stranger(name: str, settings: Collection[str]) -> str:
    near = difflib.get_close_matches(name, settings, n=1)
    meant = f"did you mean {PREFIX}{near[0]}?" if near else "README.md lists all of them"
    return f"{PREFIX}{name} is no setting; {meant}"
