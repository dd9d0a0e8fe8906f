"""Taking turns inside brief work: what is first counted and then written by many replicas."""

from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, String, bindparam, func, select

from storage.beneath import SQLITE

TURNS: Final = 20261124
"""Keeps these advisory locks apart from others."""


def take_turns(unit: Connection, *names: str) -> None:
    """As `Database.take_turns`: on PostgreSQL advisory locks until the transaction ends, in one
    order, so that none waits for ever; on SQLite brief work has the only writer's turn."""
    if unit.dialect.name == SQLITE:
        return
    named = {f"name{place}": name for place, name in enumerate(sorted(names))}
    unit.execute(_locks(tuple(named)), named)


@cache
def _locks(names: tuple[str, ...]) -> Select[Any]:
    """Those of the names that are bound so, in one way there and back."""
    keys = (func.hashtextextended(bindparam(name, type_=String), TURNS) for name in names)
    return select(*map(func.pg_advisory_xact_lock, keys))
