"""Engines that speak as the real one does, each with its own fault: commands for `Synthesiser`."""

import sys
from pathlib import Path

from ivr.engine.process import ROOT

SOUND = 800
"""Bytes that a piece is answered with, each the number of the process's answers so far."""

_ENGINE = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from ivr.carrier.local.speech.engine import serve, wished
from ivr.engine.program import listened, tell
folder, fault = Path({folder!r}), {fault!r}
with (folder / "starts").open("a") as starts:
    starts.write(f"{{os.getpid()}}\\n")
(folder / "environment").write_text("\\n".join(os.environ))
said = 0

def say(wish):
    global said
    said += 1
    with (folder / "asked").open("a", encoding="utf-8") as asked:
        asked.write(wish["text"] + "\\n")
    if "break" in wish["text"]:
        if fault == "hang":
            time.sleep(600)
        if fault == "crash":
            os._exit(3)
        if fault == "garbage":
            os.write(1, b"what a fine day\\n")
        if fault == "endless":
            os.write(1, b"\\xff" * 4)
        if fault == "raise":
            raise RuntimeError("no")
    return bytes([said]) * {sound}

tell(sys.stdout.buffer, {{"ready": True}})
serve(say, listened(sys.stdin.buffer, wished), sys.stdout.buffer)
"""


def engine(folder: Path, fault: str = "") -> tuple[str, ...]:
    """The command. `starts` in the folder has the process of each start, `asked` what was said."""
    code = _ENGINE.format(root=str(ROOT), folder=str(folder), fault=fault, sound=SOUND)
    return (sys.executable, "-c", code)


def lines(folder: Path, name: str) -> list[str]:
    """What an engine wrote down so far."""
    path = folder / name
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
