"""Rows of a CSV sheet as they become values: every fault is collected with sheet, row, column and a
sentence, and nothing is taken where there is one. Used by `register`."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar

from routing.register import LANGUAGES, DirectoryError, Names

T = TypeVar("T")
E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
LONGEST_CELL: Final = 200
"""Characters of a cell: a name longer than this is not spoken, but pasted by mistake."""


@dataclass(frozen=True, slots=True)
class SheetFault:
    """One error: `row` counts the heading as 1."""

    sheet: str
    row: int
    column: str
    sentence: str

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.sheet}, row {self.row}, {self.column}: {self.sentence}"


class SheetError(DirectoryError):
    """Sheets that cannot be imported; nothing was taken from them."""

    def __init__(self, faults: tuple[SheetFault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass
class Reader:
    """Collects faults while rows become values."""

    faults: list[SheetFault] = field(default_factory=list)

    def rows(self, sheet: str, text: str, needed: tuple[str, ...]) -> Iterator["Row"]:
        table = self._table(sheet, text)
        heading = table[0] if table else []
        missing = [name for name in needed if name not in heading]
        for name in missing:
            self.faults.append(SheetFault(sheet, 1, name, "this column is missing"))
        if missing:
            return
        for number, cells in enumerate(table[1:], start=2):
            if any(cells):
                row = Row(self, sheet, number, dict(zip(heading, cells, strict=False)))
                row.check_cells(len(cells) - len(heading))
                yield row

    def _table(self, sheet: str, text: str) -> list[list[str]]:
        lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
        table: list[list[str]] = []
        try:
            table.extend(lines)
        except csv.Error as wrong:
            sentence = f"this is not CSV ({wrong}); look at the quotes here and above"
            self.faults.append(SheetFault(sheet, len(table) + 1, "the whole row", sentence))
        return table


@dataclass(frozen=True)
class Row:
    """One row; a cell that cannot be read is a fault of the reader's, and stands for a default."""

    reader: Reader
    sheet: str
    number: int
    values: Mapping[str, str]

    def fault(self, column: str, sentence: str) -> None:
        self.reader.faults.append(SheetFault(self.sheet, self.number, column, sentence))

    def text(self, column: str) -> str:
        return self.values.get(column, "").strip()

    def check_cells(self, surplus: int) -> None:
        """What is wrong with a row whatever its columns mean."""
        if surplus:
            count = f"{abs(surplus)} {'more' if surplus > 0 else 'fewer'}"
            self.fault("the whole row", f"{count} cells than the heading; quote texts with commas")
        for column, value in self.values.items():
            if len(value) > LONGEST_CELL:
                self.fault(column, f"at most {LONGEST_CELL} characters fit here")
            if any(unicodedata.category(sign).startswith("C") for sign in value):
                self.fault(column, "this holds an invisible character; type it again")

    def needed(self, column: str) -> str:
        value = self.text(column)
        if not value:
            self.fault(column, "this must not be empty")
        return value

    def matched(self, column: str, shape: re.Pattern[str], example: str) -> str:
        value = self.needed(column)
        if value and not shape.fullmatch(value):
            self.fault(column, f"{value!r} must look like {example}")
        return value

    def phone(self, column: str) -> str | None:
        return self.matched(column, E164, "+865580000001") if self.text(column) else None

    def read(self, column: str, kind: Callable[[str], T], default: T, hint: str) -> T:
        value = self.text(column)
        try:
            return kind(value)
        except ValueError:
            self.fault(column, f"{value!r} is not {hint}")
            return default

    def day(self, column: str) -> date:
        return self.read(column, date.fromisoformat, date.min, "a date such as 2026-02-08")

    def day_or_none(self, column: str) -> date | None:
        return self.day(column) if self.text(column) else None

    def names(self, column: str, english: str) -> Names:
        return dict(zip(LANGUAGES, (self.needed(column), self.needed(english)), strict=True))
