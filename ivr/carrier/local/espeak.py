"""espeak-ng, run as a program: the voice that every Debian can have; and its sound as a
telephone's."""

from __future__ import annotations

import array
import asyncio
import os
from itertools import accumulate, pairwise

from ivr.carrier.local.recordings import RATE, bytes_of, samples_of, to_wav
from ivr.flow.instruction import Language

# espeak-ng's `cmn` voice reads tone digits aloud in English; `cmn-latn-pinyin` reads
# hanzi properly (tried with 1.51: "您好" gives n'i35n X'Au214).
_VOICES: dict[Language, str] = {"zh-CN": "cmn-latn-pinyin", "en": "en-us"}
_WORDS_A_MINUTE: dict[Language, int] = {"zh-CN": 250, "en": 160}  # about 4.5 characters a second
# What it needs to be found, to find its voices and to start; our keys are no business of its.
_ENVIRONMENT = ("PATH", "ESPEAK_DATA_PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
_SECONDS_TO_MAKE = 20.0


async def spoken_by(program: str, text: str, language: Language, pace: float) -> bytes | None:
    """A WAV, its header without a length; None where the program fails or hangs."""
    speed = str(round(_WORDS_A_MINUTE[language] * pace))
    running = await asyncio.create_subprocess_exec(
        program,
        *("-v", _VOICES[language], "-s", speed, "-b", "1", "--stdin", "--stdout"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    try:
        async with asyncio.timeout(_SECONDS_TO_MAKE):
            spoken, _ = await running.communicate(text.encode())
    except TimeoutError:
        return None
    finally:  # also when cancelled: the program must not outlive us
        if running.returncode is None:
            running.kill()
            await running.wait()
    return spoken if running.returncode == 0 and len(spoken) > 44 else None


def to_telephone(spoken: bytes) -> bytes:
    """Any mono 16-bit WAV as an 8 kHz one; each sample is the mean of those it covers.

    A program that writes to a pipe cannot know the length, so the header's is ignored.
    """
    rate = int.from_bytes(spoken[24:28], "little")
    samples = samples_of(spoken[44:])
    sums = [0, *accumulate(samples)]
    count = len(samples) * RATE // rate if rate else 0
    edges = [at * rate // RATE for at in range(count + 1)]
    pairs = pairwise(edges)
    mean = array.array("h", ((sums[b] - sums[a]) // (b - a) if b > a else 0 for a, b in pairs))
    return to_wav(bytes_of(mean))
