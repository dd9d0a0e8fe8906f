"""The audit as its readers ask for it: looked through, verified, written out as a table. The
counterpart of `audit`, which says what is kept (ADR 34)."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from routing.audit import BY, Action, Broken, Entry, Link
from routing.sheets.formulas import defused

COLUMNS: Final = (
    "number",
    "at",
    "actor",
    "by",
    "action",
    "subject",
    "values",
    "salted",
    "before",
    "hash",
)
"""Of the table: all that a link's bytes are made of, so that its reader can verify the chain."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; "" and None ask nothing. `actor` is an account's id or what it was called
    then, `subject` how it begins, `text` words that stand in subject or values; aware times, from
    `since` up to before `until`."""

    actor: str = ""
    action: Action | None = None
    subject: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One entry; without `values` where they were erased."""

    link: Link
    hash: str
    values: Mapping[str, Any] | None

    @property
    def by(self) -> str:
        """What the actor was called then; "" where that was erased, or never was a person."""
        return str((self.values or {}).get(BY, ""))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: how many links hold up to which hash, how many have no values any
    more, and the first that does not hold."""

    count: int
    head: str
    erased: int
    broken: Broken | None


@dataclass(frozen=True, slots=True)
class Head:
    """The last link; number 0 before the first."""

    number: int
    hash: str


class Trail(Protocol):
    """The audit, for whoever reads it."""

    async def search(
        self,
        search: Search,
        *,
        before: int | None = None,
        after: int | None = None,
        down_to: int = 0,
        most: int,
    ) -> Sequence[Found]:
        """The newest first, below the number `before` and above `down_to`; or the oldest first
        above `after`."""
        ...

    async def verify(self) -> Verdict: ...

    async def head(self) -> Head: ...

    async def append(self, entry: Entry) -> int: ...


def heading() -> bytes:
    """The table's first line, with the mark by which spreadsheet programs know UTF-8."""
    return b"\xef\xbb\xbf" + _written([COLUMNS])


def table(found: Iterable[Found]) -> bytes:
    """Lines of the table; no cell of it runs as a formula, times are UTC."""
    return _written(map(_cells, found))


def _cells(found: Found) -> Sequence[str]:
    link = found.link
    at = link.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    values = ""
    if found.values is not None:
        values = json.dumps(found.values, ensure_ascii=False, sort_keys=True)
    who = (link.actor, found.by, link.action, link.subject, values)
    return [str(link.number), at, *who, link.salted, link.before, found.hash]


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(map(defused, row) for row in rows)
    return out.getvalue().encode()
