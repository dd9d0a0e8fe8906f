"""Speaks every fixed sentence once and keeps the sound in `ivr/voices`: see the README there.

Only what is new or read otherwise is spoken; what is no longer said goes. `--read-back` lets
Whisper write down what it hears, and prints where that differs.
"""

import argparse
import difflib
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pypinyin import lazy_pinyin

from ivr.carrier.local.mulaw import from_mulaw_wav, mulaw_wav
from ivr.carrier.local.recordings import RATE
from ivr.carrier.local.speech.kokoro import VOICES, KokoroError, Speaker
from ivr.carrier.local.speech.readings import DIGITS_EN, Unreadable, in_words, phonemes, prepare
from ivr.flow.instruction import Language
from ivr.library.sentences import fixed_sentences
from ivr.library.wording import load_phrases

IVR: Final = Path(__file__).resolve().parent.parent / "ivr"
BANK: Final = IVR / "voices"
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the manifest."""

    language: Language
    text: str
    file: str
    sha256: str
    voice: str
    phonemes: str


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


def build() -> list[Entry]:
    """Speak what is missing, write the manifest, delete what is no longer said."""
    prepare()
    before, speaker = spoken_before(), Speaker()
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
    wav = mulaw_wav(speaker.say(read, language))
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
    parser.add_argument("--read-back", type=Path, metavar="MODEL", help="a Whisper model's folder")
    given = parser.parse_args()
    try:
        entries = build()
    except (KokoroError, Unreadable) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(f"{len(entries)} sentences")
    if given.read_back:
        read_back(entries, given.read_back)
    return 0


if __name__ == "__main__":
    sys.exit(main())
