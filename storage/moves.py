"""How a case came from office to office: a row a move, beside its audit row. Written inside
whoever's transaction; used by `sorting`, and read by `cases` and `bounces`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Executable, Select, bindparam, insert, select

from routing.cases.moves import CaseMove, Reason, Way
from routing.ports import JobKind
from storage.beneath import Read
from storage.tables.cases import case_moves

_ALL: Final = select(case_moves).order_by(case_moves.c.number)
OF_CASE: Final = Read(_ALL.where(case_moves.c.reference == bindparam("of")))


def of_case(reference: str) -> Select[Any]:
    """A case's moves, the oldest first."""
    return _ALL.where(case_moves.c.reference == reference)


def of_cases(references: Sequence[str]) -> Select[Any]:
    """The same of many."""
    return _ALL.where(case_moves.c.reference.in_(references))


def trail(rows: Iterable[Any]) -> tuple[CaseMove, ...]:
    """The rows of one case as values."""
    return tuple(
        CaseMove(
            number=row.number,
            way=Way(row.way),
            before=row.before,
            after=row.after,
            topic=row.topic,
            reason=None if row.reason is None else Reason(row.reason),
            at=row.at,
        )
        for row in rows
    )


def trails(rows: Iterable[Any]) -> Mapping[str, tuple[CaseMove, ...]]:
    """Those of many, by case."""
    by_case: dict[str, list[Any]] = {}
    for row in rows:
        by_case.setdefault(row.reference, []).append(row)
    return {reference: trail(mine) for reference, mine in by_case.items()}


def trail_of(unit: Connection, reference: str) -> tuple[CaseMove, ...]:
    """Inside brief work."""
    return trail(unit.execute(of_case(reference)).all())


def noted(reference: str, move: CaseMove) -> Executable:
    """The row of one."""
    return insert(case_moves).values(
        reference=reference,
        number=move.number,
        way=move.way.value,
        before=move.before,
        after=move.after,
        topic=move.topic,
        reason=None if move.reason is None else move.reason.value,
        at=move.at,
    )


def words_of_move(reference: str, move: CaseMove) -> Iterator[tuple[JobKind, str, dict[str, str]]]:
    """What is told of it: the kind of work, its key and its payload, of the office that has the
    case now and of the one that had it."""
    arrived = {"reference": reference, "office": move.after, "of": moved_to(move)}
    yield JobKind.TELL_OFFICE, f"{arrived_key(reference)}{_which(move, ':')}", arrived
    left = {"reference": reference, "office": move.before}
    if _which(move):
        left["of"] = left_by(move)
    yield JobKind.TELL_MOVED, f"moved_from:{reference}{_which(move, ':')}", left


def arrived_key(reference: str) -> str:
    """The key of the work that tells of its first move, with which those of the others begin."""
    return f"moved_to:{reference}"


def moved_to(move: CaseMove) -> str:
    """What the mail to the office that a case has moved to is of."""
    return f"moved to {move.after}{_which(move, ' ')}"


def left_by(move: CaseMove) -> str:
    """What the mail to the office that it has left is of."""
    return f"{move.before}{_which(move, ' ')}"


def _which(move: CaseMove, before: str = "") -> str:
    """Which of a case's moves; the first is told of as every one was before there were more."""
    return f"{before}{move.number}" if move.number > 1 else ""
