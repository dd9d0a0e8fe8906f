"""Core's statements in the driver's own words: Core puts each together once, and the driver carries
it out at a quarter of what Core's execution costs. For the statements of every call (ADR 6)."""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Executable, Float, Select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from storage.tables.base import Instant, sqlite_text

Values = Mapping[str, Any]
Shape = Callable[[Any], Any]
SQLITE: Final = "sqlite"


def cursor_of(connection: Connection) -> sqlite3.Cursor:
    """SQLite's own cursor beneath Core's connection."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]  # SQLite's
    return driver.cursor()


@dataclass(frozen=True, slots=True)
class Text:
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
    _texts: dict[tuple[str, tuple[str, ...]], Text] = field(default_factory=dict)

    def on(self, connection: Connection, values: Values | Sequence[Values]) -> int:
        """Carry it out; how many rows it changed. Beneath Core on SQLite only: `connection` is
        Core's, and other drivers are not to be had from it without waiting."""
        rows = [values] if isinstance(values, Mapping) else values
        if connection.dialect.name != SQLITE:
            return connection.execute(self.statement, rows).rowcount
        text = self.text(connection.dialect, rows[0])
        cursor = cursor_of(connection)
        if len(rows) == 1:
            return cursor.execute(text.sql, text.fill(rows[0])).rowcount
        return cursor.executemany(text.sql, [text.fill(row) for row in rows]).rowcount

    def text(self, dialect: Dialect, row: Values) -> Text:
        """What the driver is told for rows of the same columns as this one."""
        key = dialect.name, tuple(row)
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = _text_of(self.statement, dialect, key[1])
        return found


@dataclass(frozen=True, slots=True)
class Query:
    """A query as text; its rows' names, and which of their values are read how."""

    text: Text
    make: Callable[[Iterable[Any]], Any]
    reads: tuple[tuple[int, Shape], ...]

    def row(self, found: Iterable[Any]) -> Any:
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
    _queries: dict[str, Query] = field(default_factory=dict)

    def on(self, connection: Connection, values: Values) -> Sequence[Any]:
        """The rows, within brief work."""
        if connection.dialect.name != SQLITE:
            return connection.execute(self.query, values).all()
        query = self.of(connection.dialect)
        found = cursor_of(connection).execute(query.text.sql, query.text.fill(values))
        return [query.row(row) for row in found.fetchall()]

    def of(self, dialect: Dialect) -> Query:
        """What the driver is told."""
        found = self._queries.get(dialect.name)
        if found is None:
            found = self._queries[dialect.name] = _query_of(self.query, dialect)
        return found


def _query_of(query: Select[Any], dialect: Dialect) -> Query:
    columns = query.selected_columns
    shapes = [_reading(column.type, dialect) for column in columns]
    reads = tuple((at, shape) for at, shape in enumerate(shapes) if shape is not None)
    row = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]  # noqa: PYI024 - the query names its fields
    return Query(_text_of(query, dialect, None), row._make, reads)


def _text_of(statement: Any, dialect: Dialect, columns: Sequence[str] | None) -> Text:
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    takes = [_take(compiled.binds[name], name, dialect) for name in compiled.positiontup]
    return Text(str(compiled), tuple(takes))


def _reading(kind: TypeEngine[Any], dialect: Dialect) -> Shape | None:
    """How a type's values are read; a float is one by each driver, and what Core does to it depends
    on what PostgreSQL says of the column, which is not known here."""
    if isinstance(kind, Float):
        return None
    read: Shape | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return read


def _writing(kind: TypeEngine[Any], dialect: Dialect) -> Shape | None:
    """How a type's values are written; times, of which every row has some, by our own words."""
    if isinstance(kind, Instant) and dialect.name == SQLITE:
        return sqlite_text
    write: Shape | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return write


def _take(bound: BindParameter[Any], name: str, dialect: Dialect) -> tuple[str, Any, Shape | None]:
    write = _writing(bound.type, dialect)
    if bound.required:
        return name, None, write
    return "", bound.effective_value if write is None else write(bound.effective_value), None
