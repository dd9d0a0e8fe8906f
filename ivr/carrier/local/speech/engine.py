"""The process that speaks, `python -m ivr.carrier.local.speech.engine FOLDER`: one line of JSON in
for each piece, one line and its µ-law out. The counterpart of `synthesiser`, which starts and kills
it. It ends with its input, and so with the server, however that ends."""

import argparse
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

Say = Callable[[dict[str, object]], bytes]
_MOST_THREADS: Final = 2  # more gain little, and calls are answered on the same machine


def serve(say: Say, wishes: Iterable[bytes], answers: BinaryIO) -> None:
    """Answer each wish in turn; one that cannot be said is answered with no sound."""
    _answer(answers, b"", ready=True)
    for line in wishes:
        try:
            said = say(json.loads(line))
        except Exception:  # noqa: BLE001 - whatever a library raises: others can still be said
            said = b""
        _answer(answers, said)


def _answer(answers: BinaryIO, said: bytes, **more: object) -> None:
    answers.write(json.dumps({"bytes": len(said), **more}).encode() + b"\n" + said)
    answers.flush()


def listened(source: BinaryIO) -> Iterable[bytes]:
    """The lines of a source that is read in a thread, so that its end ends this process at once,
    also in the middle of a sentence."""
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        for line in source:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return iter(lines.get, None)


def _kokoro(folder: Path) -> Say:
    from ivr.carrier.local.speech.kokoro import Speaker  # noqa: PLC0415 - seconds; after `listened`
    from ivr.carrier.local.speech.readings import phonemes, prepare  # noqa: PLC0415 - same

    prepare(folder)
    speaker = Speaker(threads=min(os.cpu_count() or 1, _MOST_THREADS))

    def say(wish: dict[str, object]) -> bytes:
        language, words = wish["language"], wish["words"]
        assert language in ("zh-CN", "en")
        assert isinstance(words, dict)
        return speaker.say(phonemes(str(wish["text"]), language, words), language)

    return say


def main() -> None:
    """Speak until the input ends. What libraries print goes nowhere near the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the dictionary's work is kept")
    given = parser.parse_args()
    with suppress(AttributeError, OSError):  # Windows has none; the parent asks for it there
        os.nice(10)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    wishes = listened(sys.stdin.buffer)
    serve(_kokoro(given.folder), wishes, answers)


if __name__ == "__main__":
    main()
