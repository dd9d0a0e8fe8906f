"""What a person may write down of a recording: how much, under which name. The words that a machine
heard are never changed by it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

MOST_TEXT: Final = 5_000
"""Characters: five minutes of quick speech are 2,000. As a form sends them they fit a request."""
MOST_BY: Final = 40
MOST_OF_ONE: Final = 50
"""Corrections of one recording; all are kept."""


class Wrong(StrEnum):
    """Why a correction is not taken."""

    EMPTY = "empty"
    LONG = "long"
    NAMELESS = "nameless"
    LONG_NAME = "long_name"
    GONE = "gone"
    """the recording is no longer kept, nor are its words"""
    FULL = "full"
    """there are as many as are kept"""


def plain_text(typed: str) -> str:
    """As it is kept: lines and visible signs, nothing that steers a display."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(plain_line(line) for line in lines).strip()


def plain_line(typed: str) -> str:
    """The same of one line."""
    return "".join(sign for sign in " ".join(typed.split()) if sign.isprintable())


def wrong_in(text: str, by: str) -> Mapping[str, Wrong]:
    """Of the fields `text` and `by`, as they would be kept, those that cannot be."""
    found: dict[str, Wrong] = {}
    if len(text) > MOST_TEXT:
        found["text"] = Wrong.LONG
    elif not any(map(str.isalnum, text)):
        found["text"] = Wrong.EMPTY
    if len(by) > MOST_BY:
        found["by"] = Wrong.LONG_NAME
    elif not any(map(str.isalnum, by)):
        found["by"] = Wrong.NAMELESS
    return found
