"""What people read, sentence by sentence: one word for one thing (docs/terms.md), full-width
punctuation in Chinese and none of it in English."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOTS: Final = ("routing", "ivr", "deployment")
CHINESE: Final = re.compile("[\u4e00-\u9fff]")
HALF: Final = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]|[\u4e00-\u9fff]\.$|\.\.\.")
FULL: Final = re.compile("[，。；：、！（）]")
WRITTEN_OUT: Final = {
    "headings.py": "names that a file may have, old ones among them",
    "readings.py": "how the voice reads a word",
    "reading.py": "what callers say",
    "words.py": "what callers say",
    "typed.py": "what callers type",
    "terminal.py": "what callers type",
    "spoken.py": "what recognisers make of silence",
    "cells.py": "dates as spreadsheets write them",
    "week.py": "hours as people type them",
    "moments.py": "days as people type them",
}


@cache
def words() -> tuple[tuple[str, str, str], ...]:
    """Where, Chinese, English: of every page, and of every reason."""
    found = []
    for root in ROOTS:
        for path in sorted(Path(root).rglob("*.toml")):
            if path.name not in ("words.toml", "reasons.toml"):
                continue
            for part, entries in tomllib.loads(path.read_text("utf-8")).items():
                found += [(f"{path} {part}.{k}", e["zh"], e["en"]) for k, e in entries.items()]
    return tuple(found)


@cache
def sentences() -> tuple[tuple[str, str], ...]:
    """Chinese text in the code, docstrings left out."""
    return tuple(
        (f"{path}:{line}", text)
        for root in ROOTS
        for path in sorted(Path(root).rglob("*.py"))
        if path.name not in WRITTEN_OUT
        for line, text in _said(ast.parse(path.read_text("utf-8")))
    )


def _said(tree: ast.Module) -> Iterator[tuple[int, str]]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if (
                CHINESE.search(text) and id(node) not in docstrings
            ):
                yield node.lineno, text


def banned() -> list[tuple[str, str]]:
    rows = re.findall(
        r"^\| [^|]+ \| ([^|]+) \| [^|]+ \|([^|]*)\|$",
        Path("docs/terms.md").read_text("utf-8"),
        re.MULTILINE,
    )
    return [(wrong, right.strip()) for right, column in rows for wrong in column.split()]


def test_no_page_and_no_sentence_has_another_word_for_a_thing() -> None:
    wrong = [pair for pair in banned() if CHINESE.search(pair[0])]
    assert len(wrong) > 15

    read = [(where, zh) for where, zh, _ in words()] + list(sentences())
    assert len(read) > 1000
    found = [(where, bad, good) for where, zh in read for bad, good in wrong if bad in zh]
    assert found == []


def test_chinese_has_its_own_punctuation_and_english_has_none_of_it() -> None:
    pages = [(where, zh) for where, zh, _ in words()]
    assert [one for one in (*pages, *sentences()) if HALF.search(one[1])] == []
    assert [(where, en) for where, _, en in words() if FULL.search(en)] == []


@pytest.mark.parametrize("text", ["这样,不行", "对吗?", "还没有保存.", "请稍候..."])
def test_half_width_is_seen(text: str) -> None:
    assert HALF.search(text)
