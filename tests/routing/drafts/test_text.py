"""A body's JSON in pieces is what the library writes and reads, wherever a piece ends."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import routing.drafts.text
from routing.drafts.text import dumped, loaded

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few signs."""
    monkeypatch.setattr(routing.drafts.text, "PIECE", 5)
    monkeypatch.setattr(routing.drafts.text, "LARGE", 1)


@given(VALUES, st.booleans())
def test_as_the_library(value: object, ascii_alone: bool) -> None:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    assert dumped(value) == text
    assert loaded(text) == value
    assert loaded(json.dumps(value, ensure_ascii=ascii_alone, indent=1)) == value
    assert loaded(json.dumps(value, ensure_ascii=True)) == value


def read(how: Callable[[str], object], text: str) -> object:
    """What came of it, or why nothing did."""
    try:
        return how(text)
    except ValueError as wrong:
        return str(wrong)


@given(st.text(alphabet='\\"u0a\n {}:,[]', max_size=30))
def test_what_is_no_text_is_refused_as_by_the_library(text: str) -> None:
    assert read(loaded, text) == read(json.loads, text)


def test_no_long_string_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, written = [], json.dumps

    def noted(value: object, **how: Any) -> str:
        seen.append(len(str(value)))
        return written(value, **how)

    body = {"rules": '规则"\\\n' * 1_000, "sheets": {"offices": "a,b\n" * 1_000}}
    monkeypatch.setattr(json, "dumps", noted)
    assert loaded(dumped(body)) == body
    assert max(seen) < 20


def test_no_long_string_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = dumped({"rules": '规则"\\\n' * 1_000})
    monkeypatch.setattr(json, "loads", None)
    assert len(loaded(text)["rules"]) == 5_000
