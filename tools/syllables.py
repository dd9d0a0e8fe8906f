"""Writes `ivr/library/syllables.txt`, how each common Chinese sign is read: a line a syllable,
without tones, and the signs read so. `uv run python -m tools.syllables`.

The readings are pypinyin's (MIT), for the 6,763 signs of GB 2312: the usual one, and those that
a tenth of the words with that sign have. They are kept as a file, since importing pypinyin costs a
server 0.3 s and 60 MB."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pypinyin import Style, lazy_pinyin
from pypinyin.phrases_dict import phrases_dict
from pypinyin.style import convert

FILE: Final = Path(__file__).resolve().parent.parent / "ivr" / "library" / "syllables.txt"
SHARE: Final = 0.1
LEAST: Final = 3
"""Words; fewer of thousands are old ones."""


def signs() -> Iterator[str]:
    """The signs of GB 2312, by its rows 16 to 87."""
    for row in range(0xB0, 0xF8):
        for place in range(0xA1, 0xFF):
            try:
                yield bytes((row, place)).decode("gb2312")
            except UnicodeDecodeError:  # row 55 is not full
                continue


def in_words() -> Mapping[str, Counter[str]]:
    """How often each sign has each reading in the dictionary's words."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, read in phrases_dict.items():
        for sign, (reading, *_) in zip(word, read, strict=True):
            found[sign][convert(reading, Style.NORMAL, strict=True)] += 1
    return found


def readings(sign: str, words: Mapping[str, Counter[str]]) -> set[str]:
    """Those that a recogniser may have meant."""
    counted = words.get(sign, Counter())
    least = max(LEAST, SHARE * counted.total())
    return {lazy_pinyin(sign)[0]} | {one for one, many in counted.items() if many >= least}


def lines() -> Iterator[str]:
    """The file's lines, in the order of their syllables."""
    read: defaultdict[str, list[str]] = defaultdict(list)
    words = in_words()
    for sign in signs():
        for syllable in readings(sign, words):
            read[syllable].append(sign)
    for syllable in sorted(read):
        yield f"{syllable} {''.join(read[syllable])}"


def main() -> None:
    """Write the file anew."""
    FILE.write_text("".join(f"{line}\n" for line in lines()), encoding="utf-8")


if __name__ == "__main__":
    main()
