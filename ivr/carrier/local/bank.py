"""The recorded sentences of `ivr/voices`, found by their text.
The counterpart of `tools.voices`, which speaks them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from ivr.carrier.local.mulaw import from_mulaw_wav
from ivr.flow.instruction import Language
from ivr.library.sentences import sentences

SHIPPED = Path(__file__).resolve().parents[2] / "voices"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a prompt: a recorded sentence, or words that a program has to speak."""

    text: str
    recorded: Path | None


class Bank:
    """Which sentence lies where. A folder without a manifest has none."""

    def __init__(self, folder: Path = SHIPPED) -> None:
        listed = folder / "manifest.json"
        written = listed.read_bytes() if listed.exists() else b"[]"
        self._paths: Mapping[tuple[str, str], Path] = {
            (line["language"], line["text"]): folder / line["file"] for line in json.loads(written)
        }
        self.edition = hashlib.sha256(written).hexdigest()[:12]

    def parts(self, text: str, language: Language) -> tuple[Part, ...]:
        """The text in its order; sentences that nobody recorded stay together."""
        found = [Part(each, self._paths.get((language, each))) for each in sentences(text)]
        parts: list[Part] = []
        for recorded, group in groupby(found, lambda part: part.recorded is not None):
            if recorded:
                parts.extend(group)
            else:
                between = "" if language == "zh-CN" else " "
                parts.append(Part(between.join(part.text for part in group), None))
        return tuple(parts)


@cache
def shipped_bank() -> Bank:
    """The recordings of this package, read once."""
    return Bank()


def frames(recorded: Path) -> bytes:
    """The int16 samples of a recorded sentence. Raises OSError or ValueError where it is not
    what was built."""
    return from_mulaw_wav(recorded.read_bytes())
