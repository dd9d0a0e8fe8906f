"""The rows of the register's sheets as entities, and back: what an editor changes one at a time is
a flat object (column -> text) under a key of its kind. The counterpart of `register`, which reads
the same sheets as values. Order is kept; an entity that is not touched stays as it is."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from routing.register import Names
from routing.sheets.contacts import COLUMNS as CONTACT_COLUMNS
from routing.sheets.register import (
    LEXICON_COLUMNS,
    NUMBER_COLUMNS,
    OFFICE_COLUMNS,
    SERVICE_COLUMNS,
    TOPIC_COLUMNS,
    Sheets,
    read_directory,
)
from routing.sheets.rows import SheetError, SheetFault, read_table

Body = Mapping[str, str]
"""One row: column -> text. An empty cell may be left out."""
Rows = Mapping[str, Body]
"""Key -> body, in the order of the sheet."""


class EntityKind(StrEnum):
    """What the register's sheets hold. The values are those of a draft's changes."""

    NUMBER = "number"
    OFFICE = "office"
    TOPIC = "topic"
    CONTACT = "contact"
    SERVICE = "service"
    PRONUNCIATION = "pronunciation"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind stands in its sheet: the field of `Sheets`, the columns that it has to have, and
    those that its key is made of."""

    sheet: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


SHAPES: Final[Mapping[EntityKind, Shape]] = MappingProxyType(
    {
        EntityKind.NUMBER: Shape("numbers", NUMBER_COLUMNS, ("number",)),
        EntityKind.OFFICE: Shape("offices", OFFICE_COLUMNS, ("office",)),
        EntityKind.TOPIC: Shape("topics", TOPIC_COLUMNS, ("topic",)),
        EntityKind.CONTACT: Shape("contacts", CONTACT_COLUMNS, ("office", "order")),
        EntityKind.SERVICE: Shape("services", SERVICE_COLUMNS, ("number",)),
        EntityKind.PRONUNCIATION: Shape("lexicon", LEXICON_COLUMNS, ("text", "language")),
    }
)
KIND_OF_SHEET: Final[Mapping[str, EntityKind]] = MappingProxyType(
    {shape.sheet: kind for kind, shape in SHAPES.items()}
)


@dataclass(frozen=True, slots=True)
class EntityFault:
    """A fault of a sheet as its editor sees it: beside `column` of the entity, or of the whole of
    it where that is ""; `key` is "" where it is of the whole sheet."""

    kind: EntityKind
    key: str
    column: str
    code: str
    says: Names


def key_of(kind: EntityKind, body: Body) -> str:
    """Under which key an entity is kept: its number, its name, or office and rung (市公安局/2)."""
    return "/".join(body.get(column, "").strip() for column in SHAPES[kind].key)


def entities(sheets: Sheets, kind: EntityKind) -> dict[str, Body]:
    """All of a kind, in the order of their sheet; of two with one key the first, and nothing
    that is not CSV: `faults_of` tells of both."""
    heading, rows = _table(getattr(sheets, SHAPES[kind].sheet))
    found: dict[str, Body] = {}
    for cells in rows:
        body = dict(zip(heading, (cell.strip() for cell in cells), strict=False))
        found.setdefault(key_of(kind, body), body)
    return found


def with_entities(sheets: Sheets, kind: EntityKind, rows: Rows) -> Sheets:
    """The sheets with exactly these of a kind, in this order. Columns that no row fills, beyond
    those which the sheet has and has to have, are left out."""
    if list(rows.items()) == list(entities(sheets, kind).items()):
        return sheets
    shape = SHAPES[kind]
    had, _ = _table(getattr(sheets, shape.sheet))
    columns = dict.fromkeys((*had, *shape.columns))
    for body in rows.values():
        columns.update(dict.fromkeys(column for column, text in body.items() if text))
    return replace(sheets, **{shape.sheet: text_of(columns, rows.values())})


def with_change(sheets: Sheets, kind: EntityKind, key: str, body: Body | None) -> Sheets:
    """The sheets with one entity put where it stands, added at the end, or taken out (None). A
    body whose own key differs moves the entity to that key, at the same place."""
    rows = entities(sheets, kind)
    if body is None:
        rows.pop(key, None)
        return with_entities(sheets, kind, rows)
    changed = {name: (body if name == key else old) for name, old in rows.items()}
    changed.setdefault(key, body)
    return with_entities(sheets, kind, changed)


def faults_of(sheets: Sheets, area: str) -> tuple[EntityFault, ...]:
    """Every fault of the sheets, at the entity that it stands beside."""
    try:
        read_directory(sheets, area=area)
    except SheetError as wrong:
        at = {kind: _keys_by_row(sheets, kind) for kind in EntityKind}
        return tuple(_placed(fault, at) for fault in wrong.faults)
    return ()


def _placed(fault: SheetFault, at: Mapping[EntityKind, Mapping[int, str]]) -> EntityFault:
    kind = KIND_OF_SHEET[fault.sheet]
    key = at[kind].get(fault.row, "")
    return EntityFault(kind, key, fault.column, fault.code, fault.says)


def _keys_by_row(sheets: Sheets, kind: EntityKind) -> dict[int, str]:
    table, _ = read_table(getattr(sheets, SHAPES[kind].sheet))
    heading = table[0] if table else []
    return {
        number: key_of(kind, dict(zip(heading, cells, strict=False)))
        for number, cells in enumerate(table[1:], start=2)
    }


def text_of(columns: Iterable[str], rows: Iterable[Body]) -> str:
    """The one CSV form in which sheets are kept: commas, line feeds, quotes only where needed."""
    names = tuple(columns)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([body.get(name, "") for name in names] for body in rows)
    return out.getvalue()


def _table(text: str) -> tuple[list[str], list[list[str]]]:
    table, _ = read_table(text)
    return (table[0] if table else []), [cells for cells in table[1:] if any(cells)]
