"""The program that speaks, `python -m ivr.carrier.local.speech.engine FOLDER`: for each piece a
frame of JSON in, a frame of µ-law out. Begun by `ivr.engine.process` for `synthesiser`."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from ivr.engine.frames import MOST_QUESTION, read_frame
from ivr.engine.program import answer, listened, own_output, step_back, tell

Wish = Mapping[str, Any]
Say = Callable[[Wish], bytes]
_MOST_THREADS: Final = 2  # more gain little, and calls are answered on the same machine


def serve(say: Say, wishes: Iterable[Wish], out: BinaryIO) -> None:
    """Answer each wish in turn; one that cannot be said is answered with no sound."""
    for wish in wishes:
        try:
            said = say(wish)
        except Exception:  # noqa: BLE001 - whatever a library raises: others can still be said
            said = b""
        answer(out, said)


def wished(pipe: BinaryIO) -> Wish | None:
    """The next; None at the end of the pipe."""
    asked = read_frame(pipe, MOST_QUESTION)
    return None if asked is None else dict(orjson.loads(asked))


def _kokoro(folder: Path) -> Say:
    from ivr.carrier.local.speech.kokoro import Speaker  # noqa: PLC0415 - seconds; after `listened`
    from ivr.carrier.local.speech.readings import phonemes, prepare  # noqa: PLC0415 - same

    prepare(folder)
    speaker = Speaker(threads=min(os.cpu_count() or 1, _MOST_THREADS))

    def say(wish: Wish) -> bytes:
        language, words = wish["language"], wish["words"]
        assert language in ("zh-CN", "en")
        assert isinstance(words, dict)
        return speaker.say(phonemes(str(wish["text"]), language, words), language)

    return say


def main() -> int:
    """Load the model, say that it is ready or why not, then speak until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the dictionary's work is kept")
    given = parser.parse_args()
    out = own_output()
    step_back()
    wishes = listened(sys.stdin.buffer, wished)
    try:
        say = _kokoro(given.folder)
    except Exception as wrong:  # noqa: BLE001 - whatever the libraries raise: the log has it then
        tell(out, {"failed": f"{type(wrong).__name__}: {wrong}"})
        return 1
    tell(out, {"ready": True})
    serve(say, wishes, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
