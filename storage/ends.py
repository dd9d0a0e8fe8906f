"""The end of a call: kept once, by whoever learns of it first (status webhook, sweep, retention).
Shared by `calls`, `ledger` and `retention`."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, false, update
from sqlalchemy.dialects.postgresql import insert

from ivr.ports.calls import CallEnd
from routing.ports import JobKind
from storage.effects import enqueue
from storage.ringing import ring_end
from storage.tables.calls import call_ends, calls
from storage.writes import ADD_JOB

SETTLE_AFTER: Final = timedelta(seconds=60)
"""How long a call's late webhooks may take before its recording is settled without them."""
LOST: Final = "lost"
"""The end of a call of which the carrier told none: taken to be over, so that it is forgotten."""
LIVE: Final = calls.c.ended == false()
"""In the words of the index that holds such calls alone."""


def keep_end(
    unit: Connection, call_id: str, end: CallEnd | None, at: datetime, seconds: int | None
) -> bool:
    """Forward only: True the first time. The carrier's own word may still take the place of an
    end that was only taken to be one (None)."""
    row = insert(call_ends).values(
        call_id=call_id,
        end=LOST if end is None else end.value,
        at=at,
        seconds=seconds,
        forgotten=False,
    )
    first = bool(unit.execute(row.on_conflict_do_nothing()).rowcount)
    if first:
        unit.execute(update(calls).where(calls.c.id == call_id).values(ended=True))
    elif end is not None:
        guessed = update(call_ends).where(call_ends.c.call_id == call_id, call_ends.c.end == LOST)
        unit.execute(guessed.values(end=end.value, seconds=seconds))
    return first


def settle_later(unit: Connection, call_id: str, at: datetime) -> None:
    """Look after the recording that a call ended in, once its webhooks had their time."""
    work = enqueue(JobKind.SETTLE, {"call": call_id}, settling(call_id), at, None)
    unit.execute(work)


def stop_ringing(unit: Connection, call_id: str, turn: int, at: datetime) -> None:
    """The caller is gone who waited for `turn` while several phones rang."""
    ADD_JOB.on(unit, ring_end(call_id, turn, at, "gone"))


def settling(call_id: str) -> str:
    """The key of the work that settles a call's recording."""
    return f"settle:{call_id}"
