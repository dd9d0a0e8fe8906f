"""Rows of a CSV sheet as they become values: every fault is collected with sheet, row, column and a
sentence, and nothing is taken where there is one. Used by `register`."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from routing.register import LANGUAGES, DirectoryError, Names
from routing.sheets.choices import all_named
from routing.sheets.sentences import said

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST_CELL: Final = 200
"""Characters of a cell: a name longer than this is not spoken, but pasted by mistake."""


@dataclass(frozen=True, slots=True)
class SheetFault:
    """One error: `row` counts the heading as 1, `column` is "" where it is of the whole row; `code`
    is a key of `sentences.SENTENCES`, and `says` its sentence in every language."""

    sheet: str
    row: int
    column: str
    code: str
    says: Names

    def __str__(self) -> str:
        """As a log and the terminal have it."""
        where = self.column or "the whole row"
        return f"{self.sheet}, row {self.row}, {where}: {self.says['en']}"


class SheetError(DirectoryError):
    """Sheets that cannot be imported; nothing was taken from them."""

    def __init__(self, faults: tuple[SheetFault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def read_table(text: str, delimiter: str = ",") -> tuple[list[list[str]], str]:
    """The cells of a CSV text, row by row, up to where it is none; and why it is none from there
    on, "" where all of it was read."""
    lines = csv.reader(
        io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True
    )
    table: list[list[str]] = []
    try:
        table.extend(lines)
    except csv.Error as wrong:
        return table, str(wrong)
    return table, ""


@dataclass
class Reader:
    """Collects faults while rows become values."""

    faults: list[SheetFault] = field(default_factory=list)

    def fault(self, sheet: str, row: int, column: str, code: str, **details: object) -> None:
        self.faults.append(SheetFault(sheet, row, column, code, said(code, details)))

    def rows(self, sheet: str, text: str, needed: tuple[str, ...]) -> Iterator["Row"]:
        table = self._table(sheet, text)
        heading = table[0] if table else []
        missing = [name for name in needed if name not in heading]
        for name in missing:
            self.fault(sheet, 1, name, "column_missing")
        if missing:
            return
        for number, cells in enumerate(table[1:], start=2):
            if any(cells):
                row = Row(self, sheet, number, dict(zip(heading, cells, strict=False)))
                row.check_cells(len(cells) - len(heading))
                yield row

    def _table(self, sheet: str, text: str) -> list[list[str]]:
        table, wrong = read_table(text)
        if wrong:
            self.fault(sheet, len(table) + 1, "", "not_csv", why=wrong)
        return table


@dataclass(frozen=True)
class Row:
    """One row; a cell that cannot be read is a fault of the reader's, and stands for a default."""

    reader: Reader
    sheet: str
    number: int
    values: Mapping[str, str]

    def fault(self, column: str, code: str, **details: object) -> None:
        self.reader.fault(self.sheet, self.number, column, code, **details)

    def text(self, column: str) -> str:
        return self.values.get(column, "").strip()

    def check_cells(self, surplus: int) -> None:
        """What is wrong with a row whatever its columns mean."""
        if surplus:
            self.fault("", "cells_more" if surplus > 0 else "cells_fewer", n=abs(surplus))
        for column, value in self.values.items():
            if len(value) > LONGEST_CELL:
                self.fault(column, "too_long", n=LONGEST_CELL)
            if not value.isprintable() and any(_unseen(sign) for sign in value):
                self.fault(column, "invisible")

    def needed(self, column: str) -> str:
        value = self.text(column)
        if not value:
            self.fault(column, "empty")
        return value

    def matched(self, column: str, shape: re.Pattern[str], example: str) -> str:
        value = self.needed(column)
        if value and not shape.fullmatch(value):
            self.fault(column, "shape", value=value, example=example)
        return value

    def phone(self, column: str) -> str | None:
        return self.matched(column, E164, "+865580000001") if self.text(column) else None

    def phones(self, column: str) -> tuple[str, ...]:
        """Several, `;` between them."""
        found = tuple(part.strip() for part in self.text(column).split(";") if part.strip())
        for phone in found:
            if not E164.fullmatch(phone):
                self.fault(column, "shape", value=phone, example="+865580000001")
        return found

    def read(
        self, column: str, kind: Callable[[str], T], default: T, code: str, **details: object
    ) -> T:
        value = self.text(column)
        try:
            return kind(value)
        except ValueError:
            self.fault(column, code, value=value, **details)
            return default

    def chosen(self, column: str, kind: type[E], default: E) -> E:
        return self.read(column, kind, default, "one_of", allowed=all_named(column, kind))

    def day(self, column: str) -> date:
        return self.read(column, _iso, date.min, "not_a_date")

    def day_or_none(self, column: str) -> date | None:
        return self.day(column) if self.text(column) else None

    def names(self, column: str, english: str) -> Names:
        return dict(zip(LANGUAGES, (self.needed(column), self.needed(english)), strict=True))


def _unseen(sign: str) -> bool:
    """A control, a mark of direction or the like: no space, which prints nothing either."""
    return unicodedata.category(sign).startswith("C")


def _iso(text: str) -> date:
    """Only as people write it: the library would take 20260208 and 2026-W06-7 as well."""
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)
