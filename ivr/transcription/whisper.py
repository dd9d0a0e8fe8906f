"""The program that listens: `python -m ivr.transcription.whisper`, begun by `ivr.engine.process`
for `local`. It reads sound as frames and answers phrases. It wants the extra `speech`."""

import argparse
import contextlib
import io
import mmap
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from ivr.engine.frames import MOST_QUESTION, read_frame
from ivr.engine.program import listened, own_output, step_back, tell
from ivr.transcription.model import COMMAND, WEIGHTS, ModelError, ready

RATE: Final = 16_000
"""Samples a second that the model hears."""
VOICE_BELOW: Final = 1_000
LEAST_VOICE: Final = 0.02
"""Hertz, and the share of a voice's power that lies below, whispered too. The warble of a modem,
which the detector takes for speech, has none there."""
LEAST_SPEECH: Final = RATE // 4
"""Samples: in less nobody says a word."""
BEAM: Final = 5
TEMPERATURES: Final = (0.0, 0.4)
"""Tried once more where the first try repeats itself or is unlikely; not oftener, as each costs as
much again."""
HOLDS: Final = 448
"""Tokens that the model holds, prompt and text together; faster-whisper tells it at most half of
them before."""
MARKS: Final = 8
"""Of them for language, task and times."""
QUICKEST: Final = 10
LEAST_TOKENS: Final = 20
"""Tokens of a second that anybody speaks, and what is granted besides: a model that repeats itself
goes on to its bound, and takes many times as long as speech does."""
VOICE: Final = {
    "min_silence_duration_ms": 500,
    "max_speech_duration_s": 20,
    "speech_pad_ms": 200,
    "min_speech_duration_ms": 100,
}
"""Where somebody speaks: half a second of silence parts two stretches, a breath stays at each."""
ROOM: Final = 768 * 1024 * 1024
"""Bytes that it may fill beside three times its model: packages, a minute of sound, the search."""

Question = tuple[Mapping[str, Any], bytes]


class Listener:
    """The model, and how it is used."""

    def __init__(self, folder: Path, threads: int) -> None:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - of the extra, here alone

        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads,
            local_files_only=True,
        )  # fmt: skip

    def answer(self, asked: Mapping[str, Any], sound: bytes) -> Mapping[str, Any]:
        """The phrases of a stretch of sound, and how many seconds of it are done with. What is
        spoken across its end, where it is not the `last`, is left for the next."""
        from faster_whisper.audio import decode_audio  # noqa: PLC0415 - as above
        from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415 - as above

        samples = decode_audio(io.BytesIO(sound), sampling_rate=RATE)
        found = get_speech_timestamps(samples, VadOptions(**VOICE)) if len(samples) else []
        stretches = [one for one in found if _is_voice(samples[one["start"] : one["end"]])]
        done = len(samples)
        if not asked["last"] and stretches:
            done = _before_what_is_cut(stretches, done)
            stretches = [one for one in stretches if one["start"] < done]
        return {"phrases": self._phrases(samples, stretches, asked), "seconds": done / RATE}

    def _phrases(
        self, samples: Any, stretches: Sequence[Mapping[str, int]], asked: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        import numpy as np  # noqa: PLC0415 - as above

        if sum(one["end"] - one["start"] for one in stretches) < LEAST_SPEECH:
            return []
        speech = np.concatenate([samples[one["start"] : one["end"]] for one in stretches])
        segments, _ = self._model.transcribe(
            speech,
            max_new_tokens=self._most_tokens(asked["prompt"], len(speech) / RATE),
            language=asked["language"],
            beam_size=BEAM,
            temperature=TEMPERATURES,
            condition_on_previous_text=False,
            hotwords=asked["prompt"] or None,
        )
        return [
            {
                "text": one.text,
                "avg_logprob": one.avg_logprob,
                "no_speech_prob": one.no_speech_prob,
                "compression_ratio": one.compression_ratio,
            }
            for one in segments
        ]

    def _most_tokens(self, prompt: str, seconds: float) -> int:
        told = min(len(self._model.hf_tokenizer.encode(f" {prompt}").ids), HOLDS // 2)
        return min(HOLDS - MARKS - told, LEAST_TOKENS + int(QUICKEST * seconds))


def _is_voice(samples: Any) -> bool:
    import numpy as np  # noqa: PLC0415 - as above

    power = np.abs(np.fft.rfft(samples)) ** 2
    below = power[: len(samples) * VOICE_BELOW // RATE]
    return bool(below.sum() > LEAST_VOICE * power.sum())


def _before_what_is_cut(stretches: Sequence[Mapping[str, int]], whole: int) -> int:
    """Where the last stretch begins, if the sound ends while somebody speaks."""
    last = stretches[-1]
    return last["start"] if last["end"] >= whole and last["start"] > 0 else whole


def serve(
    answer: Callable[[Mapping[str, Any], bytes], Mapping[str, Any]],
    questions: Iterable[Question],
    out: BinaryIO,
) -> None:
    """Question after question, until the process is ended."""
    for asked, sound in questions:
        tell(out, {"number": asked["number"], **_answered(answer, asked, sound)})


def _answered(
    answer: Callable[[Mapping[str, Any], bytes], Mapping[str, Any]],
    asked: Mapping[str, Any],
    sound: bytes,
) -> Mapping[str, Any]:
    """The error's name alone: its text may hold what was said."""
    try:
        return answer(asked, sound)
    except Exception as wrong:  # noqa: BLE001 - of four libraries, on sound from anywhere
        return {"failed": type(wrong).__name__}


def question(pipe: BinaryIO) -> Question | None:
    """The next: what is asked, and the sound that it is about; None at the end of the pipe."""
    asked, sound = read_frame(pipe, MOST_QUESTION), read_frame(pipe, MOST_QUESTION)
    return None if asked is None or sound is None else (orjson.loads(asked), sound)


def bound_memory(folder: Path) -> None:
    """What it may fill grows with its model. Elsewhere than on Linux the size of what it is asked
    is the only bound."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - exists on POSIX only

        most = ROOM + 3 * (folder / WEIGHTS).stat().st_size
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def may_make_code() -> None:
    """The model's libraries write code for this processor as they run. Raises ModelError where
    systemd's MemoryDenyWriteExecute, or its like, forbids that: every recording would fail."""
    if sys.platform != "linux":
        return
    try:
        mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    except OSError as wrong:
        raise ModelError(
            "it may not make code in memory: put deploy/speech.conf beside the systemd unit"
        ) from wrong


def main(words: Sequence[str] | None = None) -> int:
    """Load the model, say that it is ready or why not, then answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kept", type=Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("--model", default="")
    given = parser.parse_args(words)
    out = own_output()
    step_back()
    questions = listened(sys.stdin.buffer, question)
    try:
        may_make_code()
        folder = ready(given.model, given.kept)
        bound_memory(folder)
        listener = Listener(folder, given.threads)
    except ImportError as missing:
        tell(out, {"failed": f"{missing.name} is not installed: {COMMAND}"})
        return 1
    except ModelError as wrong:
        tell(out, {"failed": str(wrong)})
        return 1
    except Exception as wrong:  # noqa: BLE001 - whatever a model of anybody's makes a library say
        tell(out, {"failed": f"its model cannot be loaded ({type(wrong).__name__})"})
        return 1
    tell(out, {"ready": True})
    serve(listener.answer, questions, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
