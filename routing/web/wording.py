"""The words of the pages, in Chinese and English side by side. Each folder of pages keeps its
own in `words.toml`; what is spoken on the phone is in `ivr/phrases` instead."""

import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path


class Tongue(StrEnum):
    """The languages the pages are written in. Values are HTML language tags."""

    ZH = "zh-CN"
    EN = "en"

    @property
    def other(self) -> "Tongue":
        """The language shown beside this one."""
        return Tongue.EN if self is Tongue.ZH else Tongue.ZH


class WordingError(Exception):
    """The words of the pages cannot be used; the message says which and why."""


class Wording:
    """All words by id. An id is written `part.name`, and means the same in both languages."""

    def __init__(self, entries: Mapping[str, Mapping[Tongue, str]]) -> None:
        self._entries = dict(entries)

    def say(self, word: str, tongue: Tongue, **slots: object) -> str:
        """The words of an id with its `{slots}` filled. Raises WordingError for an unknown id."""
        try:
            return self._entries[word][tongue].format(**slots)
        except KeyError as error:
            raise WordingError(f"no words for {word!r} with {sorted(slots)}: {error}") from error

    def template(self, word: str, tongue: Tongue) -> str:
        """The words of an id with its `{slots}` unfilled."""
        return self._entries[word][tongue]

    def part(self, prefix: str, tongue: Tongue) -> dict[str, str]:
        """All words whose id starts with `prefix.`, keyed by the rest; slots unfilled."""
        start = f"{prefix}."
        return {
            word.removeprefix(start): texts[tongue]
            for word, texts in self._entries.items()
            if word.startswith(start)
        }

    def ids(self) -> frozenset[str]:
        """Every id there is."""
        return frozenset(self._entries)


def read_wording(files: Iterable[Path]) -> Wording:
    """The words of several files. Raises WordingError where a language is missing."""
    entries: dict[str, Mapping[Tongue, str]] = {}
    for path in files:
        entries |= _entries(path.resolve())
    return Wording(entries)


@cache
def _entries(path: Path) -> Mapping[str, Mapping[Tongue, str]]:
    """Those of one file, which belongs to the code and is read once."""
    tables = tomllib.loads(path.read_text("utf-8"))
    return {
        f"{part}.{name}": _both(f"{part}.{name}", texts)
        for part, words in tables.items()
        for name, texts in words.items()
    }


def _both(word: str, texts: Mapping[str, str]) -> Mapping[Tongue, str]:
    if set(texts) != {"zh", "en"} or not all(text.strip() for text in texts.values()):
        raise WordingError(f"{word} needs words in zh and in en, and nothing else")
    return {Tongue.ZH: texts["zh"], Tongue.EN: texts["en"]}
