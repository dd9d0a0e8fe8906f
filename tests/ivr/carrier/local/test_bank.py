"""The recorded sentences: all there, nothing else there, and each as it should sound."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

from ivr.carrier.local.bank import SHIPPED, Bank, frames
from ivr.carrier.local.mulaw import mulaw_wav
from ivr.carrier.local.recordings import loudness, samples_of, trimmed
from ivr.carrier.local.voice import estimate
from ivr.library.plans import shipped
from ivr.library.sentences import fixed_sentences
from ivr.library.wording import load_phrases

BUILD = "build the voices anew: ivr/voices/README.md says how"
MANIFEST: list[dict[str, Any]] = json.loads((SHIPPED / "manifest.json").read_text("utf-8"))


def test_every_fixed_sentence_is_recorded_and_no_other() -> None:
    said = fixed_sentences(load_phrases(shipped().phrases))
    recorded = [(line["language"], line["text"]) for line in MANIFEST]

    wanted = [(language, text) for language, texts in said.items() for text in texts]
    assert sorted(recorded) == sorted(wanted), BUILD


def test_the_files_are_what_the_manifest_says() -> None:
    listed = {line["file"]: line["sha256"] for line in MANIFEST}
    kept = {path.relative_to(SHIPPED).as_posix(): path for path in SHIPPED.rglob("*.wav")}

    assert kept.keys() == listed.keys(), BUILD
    assert {
        file: hashlib.sha256(path.read_bytes()).hexdigest() for file, path in kept.items()
    } == listed, BUILD
    assert sum(path.stat().st_size for path in kept.values()) < 10_000_000


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_each_is_said_at_a_calm_pace_and_as_loud_as_the_others(language: str) -> None:
    for line in MANIFEST:
        if line["language"] == language:
            heard = frames(SHIPPED / line["file"])
            usual = estimate(line["text"], language)
            loudest = max(abs(sample) for sample in samples_of(heard))

            assert 0.4 * usual < len(heard) / 16000 < 1.5 * usual + 1, line
            assert -29 < 20 * math.log10(loudness(heard) / 32768) < -18, line
            assert loudest < 31000, line  # nothing is cut off at the top
            assert len(heard) - len(trimmed(heard)) < 0.4 * 16000, line  # no waiting for the word


def bank_of(folder: Path, *texts: str) -> Bank:
    lines = []
    for at, text in enumerate(texts):
        (folder / f"{at}.wav").write_bytes(mulaw_wav(bytes([0x80]) * 800))
        lines.append({"language": "en", "text": text, "file": f"{at}.wav"})
    (folder / "manifest.json").write_text(json.dumps(lines), encoding="utf-8")
    return Bank(folder)


def test_a_prompt_is_found_sentence_by_sentence(tmp_path: Path) -> None:
    bank = bank_of(tmp_path, "Hello.", "Goodbye.")

    parts = bank.parts("Hello. This is new. And this. Goodbye.", "en")

    assert [(part.text, part.recorded and part.recorded.name) for part in parts] == [
        ("Hello.", "0.wav"),
        ("This is new. And this.", None),
        ("Goodbye.", "1.wav"),
    ]


def test_the_other_language_has_its_own(tmp_path: Path) -> None:
    assert bank_of(tmp_path, "Hello.").parts("Hello.", "zh-CN")[0].recorded is None
    assert Bank(tmp_path / "nothing").parts("Hello.", "en")[0].recorded is None
