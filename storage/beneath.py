"""Core's statements in the driver's own words: Core puts each together once, and SQLite carries it
out at a quarter of what Core's execution costs. For the statements of every call (ADR 6)."""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, Executable, Select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from storage.brief import cursor_of
from storage.tables.base import Instant, sqlite_text

Values = Mapping[str, Any]
Shape = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as text. `takes` are, in its order, the name of each value that it wants, or the
    value that it brings itself (no name), and how it is written."""

    sql: str
    takes: tuple[tuple[str, Any, Shape | None], ...]

    def fill(self, values: Values) -> list[Any]:
        """The values in the text's order. Raises KeyError where one is missing."""
        return [
            (values[name] if write is None else write(values[name])) if name else own
            for name, own, write in self.takes
        ]


@dataclass(slots=True, eq=False)
class Written:
    """A statement that writes: one row's values or several rows'. The same columns each time are
    put together once."""

    statement: Executable
    _texts: dict[tuple[str, ...], _Text] = field(default_factory=dict)

    def on(self, connection: Connection, values: Values | Sequence[Values]) -> sqlite3.Cursor:
        """Carry it out."""
        rows = [values] if isinstance(values, Mapping) else values
        text = self._text(connection.dialect, tuple(rows[0]))
        cursor = cursor_of(connection)
        if len(rows) == 1:
            return cursor.execute(text.sql, text.fill(rows[0]))
        return cursor.executemany(text.sql, [text.fill(row) for row in rows])

    def _text(self, dialect: Dialect, columns: tuple[str, ...]) -> _Text:
        found = self._texts.get(columns)
        if found is None:
            found = self._texts[columns] = _text_of(self.statement, dialect, columns)
        return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """A query as text; its rows' names, and which of their values are read how."""

    text: _Text
    make: Callable[[Iterable[Any]], Any]
    reads: tuple[tuple[int, Shape], ...]

    def row(self, found: tuple[Any, ...]) -> Any:
        """One row as a named tuple."""
        if not self.reads:
            return self.make(found)
        values = [*found]
        for at, read in self.reads:
            values[at] = read(values[at])
        return self.make(values)


@dataclass(slots=True, eq=False)
class Read:
    """A query for a few rows by their key, without lists (`in_`), whose text would depend on the
    values. Rows are named tuples."""

    query: Select[Any]
    _rows: _Rows | None = None

    def on(self, connection: Connection, values: Values) -> Sequence[Any]:
        """The rows."""
        rows = self._rows
        if rows is None:
            rows = self._rows = _rows_of(self.query, connection.dialect)
        found = cursor_of(connection).execute(rows.text.sql, rows.text.fill(values))
        return [rows.row(row) for row in found.fetchall()]


def _rows_of(query: Select[Any], dialect: Dialect) -> _Rows:
    columns = query.selected_columns
    kinds = [column.type.dialect_impl(dialect) for column in columns]
    shapes = [kind.result_processor(dialect, None) for kind in kinds]
    reads = tuple((at, shape) for at, shape in enumerate(shapes) if shape is not None)
    row = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]  # noqa: PYI024 - the query names its fields
    return _Rows(_text_of(query, dialect, None), row._make, reads)


def _text_of(statement: Any, dialect: Dialect, columns: Sequence[str] | None) -> _Text:
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    takes = [_take(compiled.binds[name], name, dialect) for name in compiled.positiontup]
    return _Text(str(compiled), tuple(takes))


def _writing(kind: TypeEngine[Any], dialect: Dialect) -> Shape | None:
    """How a type's values are written; times, of which every row has some, by our own words."""
    if isinstance(kind, Instant):
        return sqlite_text
    write: Shape | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return write


def _take(bound: BindParameter[Any], name: str, dialect: Dialect) -> tuple[str, Any, Shape | None]:
    write = _writing(bound.type, dialect)
    if bound.required:
        return name, None, write
    return "", bound.effective_value if write is None else write(bound.effective_value), None
