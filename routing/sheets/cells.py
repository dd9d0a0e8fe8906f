"""Cells as spreadsheet programs and people write them, brought into the form that the register
reads; what has lost digits or could mean two days is refused. Used by `files`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from routing.numbers.reading import Number, read_number
from routing.sheets.choices import VALUE_NAMES, value_of
from routing.sheets.entities import EntityKind
from routing.sheets.formulas import undone
from routing.week import kept_hours
from routing.widths import usual

PHONES: Final = frozenset(
    {"forward_to", "pool_number", "stand_in_number", "replaced_by", "phone", "number"}
)
DAYS: Final = frozenset(
    {"published_on", "valid_until", "withdrawn_on", "suspended_on", "stand_in_from",
     "stand_in_until"}
)  # fmt: skip
WHOLE: Final = frozenset({"page", "topic_group", "order", "after", "code"})
"""Whole numbers, to which programs add `.0`."""
HOURS: Final = "hours"
LISTS: Final = frozenset({"languages", "forward_to"})
"""Several in one cell; `;` between them."""
_ROUNDED: Final = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_DIALLED: Final = re.compile(r"\+?[0-9][0-9 ()./-]{3,30}")
_DAY: Final = re.compile(
    r"([0-9]{4})([-/.年])([0-9]{1,2})(?:[-/.]|月)([0-9]{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?"
)
_EITHER: Final = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2})")
_SERIAL: Final = re.compile(r"[3-6][0-9]{4}(?:\.0+)?")
_BETWEEN: Final = re.compile(r"[;；、，,]")
_EMPTY_DECIMALS: Final = re.compile(r"([0-9]+)\.0+")


@dataclass(frozen=True, slots=True)
class Refused:
    """A cell that cannot be understood; `code` is one of `sentences.SENTENCES`."""

    code: str


def read_cell(kind: EntityKind, column: str, cell: str, area: str) -> str | Refused:
    """A cell of this column as the register reads it. `area` is the city's area code, for numbers
    that are written without."""
    text = _trimmed(undone(cell))
    if not text:
        return ""
    if column in LISTS:
        return _listed(text, lambda part: _one(kind, column, part, area))
    return _one(kind, column, text, area)


def _trimmed(text: str) -> str:
    """Without spaces around it of any width, or an apostrophe that was to make it a text."""
    return text.strip().strip("\u00a0\u3000\ufeff").strip()


def _listed(text: str, one: Callable[[str], str | Refused]) -> str | Refused:
    parts: list[str] = []
    for part in filter(None, map(_trimmed, _BETWEEN.split(text))):
        read = one(part)
        if isinstance(read, Refused):
            return read
        parts.append(read)
    return ";".join(parts)


def _one(kind: EntityKind, column: str, text: str, area: str) -> str | Refused:
    if column in PHONES:
        return _phone(text, area, short=kind is EntityKind.SERVICE)
    if column in DAYS:
        return _day(text)
    if column in WHOLE:
        return _whole(text)
    if column == HOURS:
        return kept_hours(text)
    return value_of(column, text) if column in VALUE_NAMES else text


def _phone(text: str, area: str, *, short: bool) -> str | Refused:
    """A number as E.164; a public service's (110) as it is."""
    plain = usual(text)
    if _ROUNDED.fullmatch(plain):
        return Refused("rounded")
    whole = _EMPTY_DECIMALS.fullmatch(plain)
    digits = whole[1] if whole else plain
    if short or not _DIALLED.fullmatch(digits):
        return digits
    match read_number(digits, area=area):
        case Number(e164=e164, short=False):
            return e164
    return digits


def _day(text: str) -> str | Refused:
    plain = usual(text)
    if _EITHER.fullmatch(plain):
        return Refused("which_day")
    if _SERIAL.fullmatch(plain):
        return Refused("serial_day")
    found = _DAY.fullmatch(plain)
    try:
        return date(int(found[1]), int(found[3]), int(found[4])).isoformat() if found else text
    except ValueError:
        return text


def _whole(text: str) -> str:
    plain = usual(text).removeprefix("第").removesuffix("版")
    found = _EMPTY_DECIMALS.fullmatch(plain)
    return found[1] if found else plain
