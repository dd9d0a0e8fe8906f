"""A file that somebody hands in, as rows of one of the register's kinds: its encoding, delimiter,
headings and cells are recognised, and what cannot be is a fault at its row and column. And the
file that is handed out, which comes back the same. Counterpart of `changes`, which compares."""

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from routing.register import Names
from routing.sheets.cells import Refused, read_cell
from routing.sheets.choices import value_named
from routing.sheets.entities import SHAPES, Body, EntityKind, Rows, key_of
from routing.sheets.formulas import defused
from routing.sheets.headings import COLUMN_NAMES, column_of
from routing.sheets.rows import read_table
from routing.sheets.sentences import said

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of a file: some ten thousand numbers."""
MOST_ROWS: Final = 20_000
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MARKED: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS: Final = (",", ";", "\t", "，")


@dataclass(frozen=True, slots=True)
class FileFault:
    """One error of a file, where its maker sees it: `row` counts the heading as 1, and is 0 where
    it is of no row of the file; `column` is the register's name of it, the heading where it is none
    of the register's, and "" for the whole row."""

    row: int
    column: str
    code: str
    says: Names
    file: str = ""
    kind: EntityKind | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """What the file `name` says: `rows` of one kind, by key, with the cells of `headings` alone
    (column -> its heading there); `numbers` has the file's row of each key."""

    name: str
    kind: EntityKind
    rows: Rows
    numbers: Mapping[str, int]
    headings: Mapping[str, str]
    faults: tuple[FileFault, ...]


def fault(row: int, column: str, code: str, **details: object) -> FileFault:
    return FileFault(row, column, code, said(code, details))


def read_upload(raw: bytes, kind: EntityKind | None, area: str, *, name: str = "") -> Upload:
    """What a file says. Where no kind is given its headings tell it. Never raises: all that is
    wrong is among `faults`."""
    upload = _upload(raw, kind, area)
    faults = (replace(one, file=name, kind=upload.kind) for one in upload.faults)
    return replace(upload, name=name, faults=tuple(faults))


def _upload(raw: bytes, kind: EntityKind | None, area: str) -> Upload:
    text = _text(raw)
    if isinstance(text, FileFault):
        return _nothing(kind, text)
    table, wrong, kind_there = _recognised(text, kind)
    if not any(map(_any, table)):
        return _nothing(kind, fault(0, "", "no_rows"))
    if kind_there is None:
        return _nothing(kind, fault(1, "", "which_sheet"))
    if len(table) > MOST_ROWS + 1:
        return _nothing(kind_there, fault(0, "", "too_many", n=MOST_ROWS))
    return _read(kind_there, table, wrong, area)


def _text(raw: bytes) -> str | FileFault:
    if len(raw) > MOST_BYTES:
        return fault(0, "", "too_large", n=MOST_BYTES // 1024**2)
    if raw.startswith(_WORKBOOKS):
        return fault(0, "", "workbook")
    named = next((name for mark, name in _MARKED if raw.startswith(mark)), None)
    for encoding in [named] if named else ["utf-8", "gb18030"]:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.removeprefix("\ufeff")
    return fault(0, "", "not_text")


Table = list[list[str]]


def _recognised(text: str, kind: EntityKind | None) -> tuple[Table, str, EntityKind | None]:
    """The table by the delimiter, and of the kind, by which most of its headings are known; and
    why it is none from its end on, "" where it is one."""
    first = "".join(text.lstrip("\r\n").splitlines()[:1])
    best: tuple[int, str, EntityKind | None] = (0, ",", kind)
    for delimiter in _DELIMITERS:
        names = [name for cells in read_table(first, delimiter)[0] for name in cells]
        for one in [kind] if kind else EntityKind:
            known = {column_of(one, name) for name in names}
            if kind is None and not known.issuperset(SHAPES[one].key):
                continue
            # Of two kinds that know as many, the one which is told whole by them.
            score = 2 * len(known - {None}) + known.issuperset(SHAPES[one].columns)
            if score > best[0]:
                best = (score, delimiter, one)
    return *read_table(text, best[1]), best[2]


def _nothing(kind: EntityKind | None, *faults: FileFault) -> Upload:
    return Upload("", kind or EntityKind.NUMBER, {}, {}, {}, faults)


@dataclass
class _Reading:
    """One file as it is read, row by row."""

    kind: EntityKind
    area: str
    faults: list[FileFault] = field(default_factory=list)
    columns: list[str | None] = field(default_factory=list)
    rows: dict[str, Body] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def heading(self, row: int, names: Sequence[str]) -> None:
        """What each column is; one that is none is told of, and left out."""
        for name in names:
            column = column_of(self.kind, name)
            if column is None:
                self.faults.append(fault(row, name, "column_unknown"))
            elif column in self.columns:
                self.faults.append(fault(row, name, "column_twice"))
                column = None
            self.columns.append(column)
        for key in SHAPES[self.kind].key:
            if key not in self.columns:
                self.faults.append(fault(row, key, "column_missing"))

    def take(self, row: int, cells: Sequence[str]) -> None:
        """One row behind the heading. Cells that are left out at its end are empty."""
        surplus = len(cells) - len(self.columns)
        if any(cells[len(self.columns) :]):
            self.faults.append(fault(row, "", "cells_more", n=surplus))
        pairs = zip(self.columns, (*cells, *[""] * -surplus), strict=False)
        body = {column: self._cell(row, column, cell) for column, cell in pairs if column}
        key = key_of(self.kind, body)
        if key in self.rows:
            self.faults.append(fault(row, SHAPES[self.kind].key[0], "twice", key=key))
        else:
            self.rows[key], self.numbers[key] = body, row

    def _cell(self, row: int, column: str, cell: str) -> str:
        read = read_cell(self.kind, column, cell, self.area)
        if isinstance(read, Refused):
            self.faults.append(fault(row, column, read.code, value=cell.strip()))
            return cell.strip()
        return read


def _read(kind: EntityKind, table: Table, wrong: str, area: str) -> Upload:
    reading = _Reading(kind, area)
    filled = [(row, cells) for row, cells in enumerate(table, start=1) if _any(cells)]
    heading, names = filled[0][0], [name.strip() for name in filled[0][1]]
    while not names[-1]:  # programs write as many as the widest row has
        names.pop()
    reading.heading(heading, names)
    for row, cells in filled[1:]:
        reading.take(row, cells)
    if wrong:
        reading.faults.append(fault(len(table) + 1, "", "not_csv", why=wrong))
    known = {c: name for c, name in zip(reading.columns, names, strict=True) if c}
    return Upload("", kind, reading.rows, reading.numbers, known, tuple(reading.faults))


def _any(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)


def exported(kind: EntityKind, rows: Rows, tongue: str | None = None) -> bytes:
    """A file of these rows for a spreadsheet program: UTF-8 with its mark, no cell of it a formula.
    Headings and
    chosen words are in a language, or as the register has them."""
    names = COLUMN_NAMES[kind]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([says[tongue] if tongue else column for column, says in names.items()])
    for body in rows.values():
        cells = ((column, body.get(column, "")) for column in names)
        shown = (value_named(*cell, tongue) if tongue else cell[1] for cell in cells)
        writer.writerow(list(map(defused, shown)))
    return codecs.BOM_UTF8 + out.getvalue().encode()
