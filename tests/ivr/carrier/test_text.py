"""What may be spoken and kept."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.carrier.text import clean, escape


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("停水了", "停水了"),
        ("a\x00b\x0bc\x1fd\x7fe\x85f", "abcdef"),
        ("a\tb\nc\rd", "a b c d"),
        ("\ud83dx\udc00", "x"),
        ("\ufffe\uffff😀", "😀"),
        ("<&>\"'", "<&>\"'"),
    ],
)
def test_clean(text: str, kept: str) -> None:
    assert clean(text) == kept


@given(st.text(st.characters()))
def test_escaped_text_is_read_back_from_content_and_from_an_attribute(text: str) -> None:
    element = ET.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>')

    assert element.get("b") == (element.text or "") == clean(text)


@given(st.text(st.characters()))
def test_clean_text_can_be_stored(text: str) -> None:
    assert "\x00" not in clean(text)
    assert clean(text).encode().decode() == clean(clean(text))
