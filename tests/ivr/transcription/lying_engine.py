"""An engine's program with a fault, named by its first word: run by the tests of `local` in the
place of the one that listens."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from ivr.engine.frames import MOST_QUESTION, framed, read_frame

OUT = sys.stdout.buffer


def say(what: object) -> None:
    OUT.write(framed(orjson.dumps(what)))
    OUT.flush()


def heard(number: int, text: str = "路灯坏了。", seconds: float = 60.0) -> dict[str, Any]:
    phrase = {"text": text, "avg_logprob": -0.2, "no_speech_prob": 0.1, "compression_ratio": 1.0}
    return {"number": number, "phrases": [phrase], "seconds": seconds}


def answer(fault: str, told: Path, asked: dict[str, Any], sound: bytes) -> None:  # noqa: C901, PLR0912 - a list of faults
    number = asked["number"]
    match fault:
        case "good":
            said = f"{asked['language']} {len(sound)} {'last' if asked['last'] else 'more'}."
            say(heard(number, said, 15.0))
        case "echoes":
            say(heard(number, asked["prompt"]))
        case "dies":
            os._exit(3)
        case "dies once" if not told.exists():
            told.write_text("died", encoding="utf-8")
            os._exit(3)
        case "hangs" | "forks":
            time.sleep(3600)  # ended by whoever waits for it
        case "long frame":
            OUT.write(b"\xff\xff\xff\xff" + b"x" * 1000)
            OUT.flush()
        case "half a frame":
            OUT.write(b"\x00\x00\x10\x00half")
            OUT.flush()
            os._exit(0)
        case "no json":
            OUT.write(framed(b"{not json"))
            OUT.flush()
        case "other number":
            say(heard(number + 1))
        case "hears nothing":
            say(heard(number, seconds=0.0))
        case "hears for ever":
            say(heard(number, seconds=1e308))
        case "fails":
            say({"number": number, "failed": "MemoryError"})
        case "odd phrases":
            odd = [7, {"text": 8}, {"text": "好的", "avg_logprob": "sure"}, {"avg_logprob": 1}]
            say({"number": number, "phrases": odd, "seconds": 60})
        case "script":
            say(heard(number, "<script>x</script>\u202e\n路灯"))
        case "environment":
            say(heard(number, " ".join(sorted(os.environ))))
        case "tells its number":
            told.write_text(str(os.getpid()), encoding="utf-8")
            say(heard(number))
        case _:
            say(heard(number))


def begin(fault: str, told: Path) -> None:
    """What those do that are soon ended, before anybody waits for them."""
    if fault == "hangs":
        told.write_text(str(os.getpid()), encoding="utf-8")
    elif fault == "forks":
        child = os.fork()
        if not child:
            time.sleep(3600)  # ended with the other
        told.write_text(str(child), encoding="utf-8")


def main(fault: str, told: Path) -> None:
    if fault == "cannot begin":
        say({"failed": "its model is missing: uv sync --extra speech"})
        return
    if fault == "never ready":
        time.sleep(3600)  # as above
    if fault == "is no engine":
        OUT.write(b"Traceback: nothing of the kind")
        return
    begin(fault, told)
    say({"ready": True})
    while (asked := read_frame(sys.stdin.buffer, MOST_QUESTION)) is not None:
        sound = read_frame(sys.stdin.buffer, MOST_QUESTION) or b""
        answer(fault, told, orjson.loads(asked), sound)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
