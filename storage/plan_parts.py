"""The parts of large plans' rules: each kept once, under its hash, before the plan that names it.
Whoever ends between the two leaves parts that no plan names, and that the next attempt takes again:
they are never a plan (ADR 45)."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from routing.rules.parts import Part
from storage.engine import Database
from storage.tables.calls import plan_parts

T = TypeVar("T")
TOGETHER: Final = 32
"""Parts of one transaction: about 100 kB, a few milliseconds of the writer's turn."""
ASKED: Final = 64
"""Parts of one query."""


async def keep(database: Database, parts: Sequence[Part]) -> None:
    """Those that are not kept yet; then all of them are."""
    known = await _known(database, [part.sha256 for part in parts])
    new = {part.sha256: part for part in parts if part.sha256 not in known}
    for some in _slices([*new.values()], TOGETHER):
        await database.brief(partial(_put, some))


def _put(parts: Sequence[Part], unit: Connection) -> None:
    rows = [{"sha256": part.sha256, "packed": part.packed} for part in parts]
    unit.execute(insert(plan_parts).on_conflict_do_nothing(), rows)


async def fetch(database: Database, hashes: Sequence[str]) -> Mapping[str, bytes]:
    """The packed bytes of those that are kept, by hash: read a few at a time, so that calls'
    reads come in between."""
    found: dict[str, bytes] = {}
    for some in _slices([*dict.fromkeys(hashes)], ASKED):
        rows = await database.read(select(plan_parts).where(plan_parts.c.sha256.in_(some)))
        found |= {row.sha256: bytes(row.packed) for row in rows}
    return found


async def _known(database: Database, hashes: Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    for some in _slices([*dict.fromkeys(hashes)], 4 * ASKED):
        query = select(plan_parts.c.sha256).where(plan_parts.c.sha256.in_(some))
        found.update(row.sha256 for row in await database.read(query))
    return frozenset(found)


def _slices(all_: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    return (all_[at : at + most] for at in range(0, len(all_), most))
