"""Work that was given up made ready once more, under its own key. Used by `ledger`, which gives it
one try, and by `undelivered`, where a person gives it all of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import ColumnElement, Connection, or_, select, update

from routing.ledger import LOOK
from routing.undelivered import BACK, CAME_BACK
from storage.tables.outbox import JobState, outbox

EMPTY: Final = "{}"
MARKED: Final = or_(*(outbox.c.payload.contains(f'"{mark}"') for mark in (LOOK, BACK)))
"""Whether its payload may say what it does no more once it is ready."""


def ready(
    unit: Connection,
    job: int,
    now: datetime,
    which: ColumnElement[bool],
    *,
    looks: bool = False,
    fresh: bool = False,
) -> bool:
    """Inside brief work: make it due at once, where it is one of `which` and still holds what it is
    about; `fresh` with all its tries, `looks` only to be looked up. The count of attempts goes on:
    a text that may have gone out is looked up before it is sent."""
    whole = select(outbox.c.payload).where(outbox.c.id == job, which, outbox.c.payload != EMPTY)
    payload = unit.execute(whole.with_for_update()).scalar()
    if payload is None:
        return False
    values = {"state": JobState.READY.value, "run_at": now, "finished": None, "error": None}
    text = _looking(payload, looks=looks)
    again = update(outbox).where(outbox.c.id == job).values(payload=text, **values)
    unit.execute(again.values(failures=0) if fresh else again)
    return True


def ready_each(
    unit: Connection, jobs: Sequence[int], now: datetime, which: ColumnElement[bool]
) -> int:
    """The same for several, with all their tries; returns how many."""
    return sum(ready(unit, job, now, which, fresh=True) for job in jobs)


def ready_plain(
    unit: Connection, jobs: Sequence[int], now: datetime, which: ColumnElement[bool]
) -> int:
    """Inside brief work: the same at one stroke, with all their tries, for those of `which` whose
    payload bears no mark and so stays as it is. Returns how many."""
    values = {"state": JobState.READY.value, "run_at": now, "finished": None, "error": None}
    plain = (outbox.c.id.in_(jobs), which, outbox.c.payload != EMPTY, ~MARKED)
    return unit.execute(update(outbox).where(*plain).values(failures=0, **values)).rowcount


def _looking(payload: str, *, looks: bool) -> str:
    """The payload, which says whether the work is only to be looked up, and no longer that it came
    back, but how often it did: a carrier that repeats no request of the same key is asked anew."""
    fields = {name: value for name, value in orjson.loads(payload).items() if name != LOOK}
    if fields.pop(BACK, None) is not None:
        fields[CAME_BACK] = fields.get(CAME_BACK, 0) + 1
    return orjson.dumps(fields | ({LOOK: True} if looks else {})).decode()
