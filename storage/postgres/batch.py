"""A batch as one statement of PostgreSQL: the rows of each kind as arrays of their columns, all
kinds together, so that it is sent, carried out and flushed once (ADR 6). Used by `steps`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Integer,
    Select,
    String,
    Text,
    bindparam,
    collate,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from storage.beneath import Shape, Written
from storage.tables.calls import calls, steps, strays, verdicts
from storage.tables.cases import case_callers, case_events, cases
from storage.tables.outbox import outbox
from storage.writes import (
    ADD_JOB,
    ATTACH_RECORDING,
    COUNT_STRAY,
    COUNT_VERDICT,
    HOLD_RECORDING,
    JOB_COLUMNS,
    KEEP_CALLER,
    NOTE_MOVES,
    OPEN_CASE,
    OPEN_NAMED_CASE,
    TEXT,
    earlier_case,
    grown,
    recording,
    texts_between,
)

Rows = Sequence[Mapping[str, Any]]
PLACE: Final = re.compile(r"\$(\d+)")


class Kind(IntEnum):
    """Kinds of rows, in the order in which they are written: what replicas count together comes
    last, so that none holds the others up."""

    CALLS = 0
    STEPS = 1
    HELD = 2
    """recordings that a webhook told of"""
    HELD_ATTACHED = 3
    """the same, of a case that is opened with them"""
    ATTACHED = 4
    CASES = 5
    NAMED_CASES = 6
    MOVES = 7
    CALLERS = 8
    JOBS = 9
    TEXTS = 10
    VERDICTS = 11
    STRAYS = 12


KIND_OF: Final[Mapping[Written, Kind]] = {
    HOLD_RECORDING: Kind.HELD,
    ATTACH_RECORDING: Kind.ATTACHED,
    OPEN_CASE: Kind.CASES,
    OPEN_NAMED_CASE: Kind.NAMED_CASES,
    NOTE_MOVES: Kind.MOVES,
    KEEP_CALLER: Kind.CALLERS,
    ADD_JOB: Kind.JOBS,
    TEXT: Kind.TEXTS,
    COUNT_VERDICT: Kind.VERDICTS,
    COUNT_STRAY: Kind.STRAYS,
}
"""The statements whose rows a batch can hold: those of new rows."""
CHECKED: Final = (Kind.HELD, Kind.HELD_ATTACHED)
"""Where a row that was not written means that it is another call's: then nothing is written."""
ALONE: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.NAMED_CASES: ("whose", "same_office"),
    Kind.TEXTS: ("first_key",),
}
"""Kinds that look at earlier rows of their own: one statement does not see its own. Two rows of
these same values cannot be in it together."""


@dataclass(frozen=True, slots=True)
class Part:
    """One kind's statement. `takes` are, in its order, the column whose values it wants as an
    array and how each is written, or (no name) the value that it brings itself."""

    sql: str
    takes: tuple[tuple[str, Any, Shape | None], ...]

    def fill(self, rows: Rows) -> list[Any]:
        """What the statement wants for these rows. Raises KeyError where a column is missing."""
        return [
            ([row[name] for row in rows] if write is None else [write(row[name]) for row in rows])
            if name
            else own
            for name, own, write in self.takes
        ]


class Statements:
    """The statements of one dialect, each put together once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._parts: dict[tuple[Kind, tuple[str, ...]], Part] = {}
        self._whole: dict[tuple[tuple[Kind, tuple[str, ...]], ...], str] = {}

    def of(self, batch: Mapping[Kind, Rows]) -> tuple[str, list[Any]]:
        """One statement and its values. All rows of a kind have the same columns."""
        keys = tuple((kind, tuple(batch[kind][0])) for kind in sorted(batch))
        parts = [self._part(*key) for key in keys]
        values = [value for (kind, _), part in zip(keys, parts, strict=True)
                  for value in part.fill(batch[kind])]  # fmt: skip
        checked = [kind for kind in CHECKED if kind in batch]
        if checked:
            values.append(sum(len(batch[kind]) for kind in checked))
        if keys not in self._whole:
            self._whole[keys] = _whole(dict(zip(sorted(batch), parts, strict=True)))
        return self._whole[keys], values

    def _part(self, kind: Kind, names: tuple[str, ...]) -> Part:
        found = self._parts.get((kind, names))
        if found is None:
            found = self._parts[kind, names] = _part(kind, names, self._dialect)
        return found


def fits(batch: Mapping[Kind, Rows]) -> bool:
    """Whether one statement can hold these rows: see ALONE."""
    for kind, names in ALONE.items():
        rows = batch.get(kind, ())
        if len({tuple(row[name] for name in names) for row in rows}) < len(rows):
            return False
    return True


def _whole(parts: Mapping[Kind, Part]) -> str:
    """All of them in one; PostgreSQL carries out the last first. It fails as a whole, by a
    division, where a recording is another call's."""
    names, taken = {}, 0
    for kind, part in parts.items():
        more = taken
        sql = PLACE.sub(lambda place, more=more: f"${int(place[1]) + more}", part.sql)  # type: ignore[misc]  # bound here
        names[f"part{kind.value}"] = sql + (" RETURNING 1" if kind in CHECKED else "")
        taken += len(part.takes)
    within = ", ".join(f"{name} AS ({sql})" for name, sql in reversed(names.items()))
    written = [
        f"(SELECT count(*) FROM part{kind.value})"  # noqa: S608 - our own names
        for kind in CHECKED
        if kind in parts
    ]
    if not written:
        return f"WITH {within} SELECT 1"
    all_of_them = f"{' + '.join(written)} = ${taken + 1}::integer"
    return f"WITH {within} SELECT 1 / (CASE WHEN {all_of_them} THEN 1 ELSE 0 END)"


_INTO: Final[Mapping[Kind, Insert]] = {
    Kind.CALLS: insert(calls),
    Kind.STEPS: insert(steps),
    Kind.HELD: recording("url", "seconds"),
    Kind.HELD_ATTACHED: recording("url", "seconds", "reference", "language"),
    Kind.ATTACHED: recording("reference", "language"),
    Kind.CASES: insert(cases),
    Kind.NAMED_CASES: insert(cases),
    Kind.MOVES: insert(case_events),
    Kind.CALLERS: insert(case_callers),
    Kind.JOBS: insert(outbox).on_conflict_do_nothing(index_elements=["key"]),
    Kind.TEXTS: insert(outbox).on_conflict_do_nothing(index_elements=["key"]),
    Kind.VERDICTS: grown(verdicts, "day", "dialled", "verdict"),
    Kind.STRAYS: grown(strays, "day", "event"),
}
_BESIDE: Final[Mapping[str, TypeEngine[Any]]] = {
    "whose": String(),
    "since": case_callers.c.opened.type,
    "same_office": String(),
    "first_key": String(),
    "last_key": String(),
    "most": Integer(),
    **{f"new_{name}": outbox.c[name].type for name in JOB_COLUMNS},
}
"""What is wanted besides columns, by name."""


def _part(kind: Kind, names: tuple[str, ...], dialect: Dialect) -> Part:
    into = _INTO[kind]
    types = {name: _BESIDE[name] if name in _BESIDE else into.table.c[name].type for name in names}
    binds = [bindparam(name, type_=ARRAY(_open(types[name]))) for name in names]
    shown = [column(name, types[name]) for name in names]
    new = func.unnest(*binds).table_valued(*shown).render_derived(name="given")
    columns, query = _chosen(kind, names, new.c)
    compiled = into.from_select(columns, query, include_defaults=False).compile(dialect=dialect)
    takes = [
        (name, None, types[name].dialect_impl(dialect).bind_processor(dialect))
        if name in types
        else ("", compiled.binds[name].effective_value, None)
        for name in compiled.positiontup or ()
    ]
    return Part(str(compiled), tuple(takes))


def _chosen(kind: Kind, names: tuple[str, ...], new: Any) -> tuple[list[str], Select[Any]]:
    """Which columns are written, and with what of the new rows."""
    if kind is Kind.TEXTS:
        first, last = collate(new.first_key, "C"), collate(new.last_key, "C")
        few = select(*(new[f"new_{name}"] for name in JOB_COLUMNS))
        return [*JOB_COLUMNS], few.where(texts_between(first, last) < new.most)
    columns = [name for name in names if name not in _BESIDE]
    query = select(*(new[name] for name in columns))
    if kind is not Kind.NAMED_CASES:
        return columns, query
    earlier = earlier_case(new.whose, new.since, new.same_office)
    return [*columns, "group_of"], query.add_columns(earlier)


def _open(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Text of any length: a cast to a bounded one would cut it off where the column refuses it."""
    return Text() if isinstance(kind, String) else kind
