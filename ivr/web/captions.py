"""What the keys of the phone page bear while a phrase asks for one: the labels of its options, from
`captions.toml`. The line says texts, not ids; so a phrase is known by its words. Counterpart of
`static/captions.js`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrasebook

_TABLE: Final = Path(__file__).parent / "captions.toml"
_TONGUES: Final[Mapping[Language, str]] = {"zh-CN": "zh", "en": "en"}
_READ: Final = tomllib.loads(_TABLE.read_text("utf-8"))
CAPTIONS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = _READ["captions"]
"""Phrase id -> key -> language -> label."""
BACK: Final = frozenset(_READ["back"]["phrases"])
"""After these the keys of the menu before are what they were."""


def captions(book: Phrasebook) -> list[dict[str, Any]]:
    """For each phrase of the table and each language: its `parts` as the book splits it (words and
    slots in turn), what its `keys` do, and whether it leads `back` to the menu before."""
    return [
        {
            "parts": book.texts[language][phrase].parts,
            "keys": {key: label[tongue] for key, label in CAPTIONS.get(phrase, {}).items()},
            "back": phrase in BACK,
        }
        for language, tongue in _TONGUES.items()
        for phrase in dict.fromkeys((*CAPTIONS, *sorted(BACK)))
        if phrase in book.texts[language]
    ]
