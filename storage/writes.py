"""The statements of the commonest effects, made once: putting a statement together costs several
times what carrying it out does. The counterpart of `effects`, which fills them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Executable, Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from ivr.ports.recordings import RecordingRef
from routing.cases.case import Confidentiality
from routing.ports import Audio, JobKind
from storage.beneath import Written
from storage.tables.calls import leg_answers, rings, strays, tokens, verdicts
from storage.tables.cases import case_callers, case_events, cases, recordings
from storage.tables.outbox import JobState, outbox


@dataclass(frozen=True, slots=True)
class Write:
    """A statement and its values: none, one row's, or those of several rows."""

    statement: Executable | Written
    values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None

    def on(self, connection: Connection) -> None:
        """Carry it out."""
        if isinstance(self.statement, Written):
            self.statement.on(connection, self.values or {})
        else:
            connection.execute(self.statement, self.values)


def earlier_case(whose: Any, since: Any, office: Any) -> Any:
    """The caller's first case of this office since `since`, or NULL. Their own cases are found
    first, and of each the office, whatever the database thinks of its tables: by the office first
    a step would cost as much as it has cases."""
    named = cases.c.confidentiality == Confidentiality.NAMED.value
    of_case = select(cases.c.office).where(cases.c.reference == case_callers.c.reference, named)
    return (
        select(case_callers.c.reference)
        .where(
            case_callers.c.digest == whose,
            case_callers.c.opened > since,
            of_case.correlate(case_callers).scalar_subquery() == office,
        )
        .order_by(case_callers.c.opened)
        .limit(1)
        .scalar_subquery()
    )


OPEN_CASE: Final = Written(insert(cases))
OPEN_NAMED_CASE: Final = Written(
    insert(cases).values(
        group_of=earlier_case(
            bindparam("whose"),
            bindparam("since", type_=case_callers.c.opened.type),
            bindparam("same_office"),
        )
    )
)
"""Only named cases are linked: a link from any other to a named one would say whose it is.
Wants `whose`, `since` and `same_office` besides the columns."""
NOTE_MOVES: Final = Written(insert(case_events).inline())
NOTE_RING: Final = Written(insert(rings).inline().on_conflict_do_nothing())
NOTE_TAKEN: Final = Written(insert(leg_answers).inline().on_conflict_do_nothing())
TAKE_TOKEN: Final = Written(insert(tokens).inline())
KEEP_CALLER: Final = Written(insert(case_callers).inline())


def recording(*renewed: str) -> Any:
    """A row; where it is there already, the columns that are `renewed`."""
    row = insert(recordings)
    new = {name: row.excluded[name] for name in renewed}
    return row.on_conflict_do_update(
        index_elements=["sid"], set_=new, where=recordings.c.call_id == row.excluded.call_id
    )


HOLD_RECORDING: Final = Written(recording("url", "seconds"))
ATTACH_RECORDING: Final = Written(recording("reference", "language"))
"""A recording never leaves the call that it is of."""


def held_row(call_id: str, turn: int, ref: RecordingRef, at: datetime) -> dict[str, Any]:
    """The values of HOLD_RECORDING: what a webhook told of a recording."""
    return {
        "sid": ref.sid,
        "call_id": call_id,
        "turn": turn,
        "url": ref.url,
        "seconds": ref.seconds,
        "audio": Audio.ANNOUNCED.value,
        "at": at,
    }


def grown(table: Table, *key: str) -> Any:
    """One row a day and kind, whose count grows."""
    row = insert(table)
    sum_of_both = {"count": table.c["count"] + row.excluded["count"]}
    return row.on_conflict_do_update(index_elements=key, set_=sum_of_both)


COUNT_VERDICT: Final = Written(grown(verdicts, "day", "dialled", "verdict"))
COUNT_STRAY: Final = Written(grown(strays, "day", "event"))

ENQUEUE: Final = insert(outbox).inline().on_conflict_do_nothing(index_elements=["key"])
ADD_JOB: Final = Written(ENQUEUE)
JOB_COLUMNS: Final = (
    "kind",
    "key",
    "reference",
    "payload",
    "state",
    "attempts",
    "holder",
    "run_at",
    "enqueued",
)


def job_row(
    kind: JobKind, payload: Mapping[str, Any], key: str, run_at: datetime, reference: str | None
) -> dict[str, Any]:
    """The values of one outbox row, by JOB_COLUMNS."""
    text = orjson.dumps(payload).decode()
    values = (kind.value, key, reference, text, JobState.READY.value, 0, None, run_at, run_at)
    return dict(zip(JOB_COLUMNS, values, strict=True))


def texts_between(first: Any, last: Any) -> Any:
    """How many texts have keys from `first` to `last`."""
    within = (outbox.c.key >= first, outbox.c.key <= last)
    return select(func.count()).where(*within).scalar_subquery()


def _text() -> Executable:
    sent = texts_between(bindparam("first_key"), bindparam("last_key"))
    row = [bindparam(f"new_{name}", type_=outbox.c[name].type) for name in JOB_COLUMNS]
    few = select(*row).where(sent < bindparam("most"))
    text = insert(outbox).from_select(list(JOB_COLUMNS), few)
    return text.on_conflict_do_nothing(index_elements=["key"])


TEXT: Final = Written(_text())
"""An outbox row, unless as many as `most` have keys from `first_key` to `last_key`. Wants the
columns as `new_…`."""
