"""Work that was given up made ready once more, under its own key. Used by `ledger`, which gives it
one try, and by `undelivered`, where a person gives it all of them."""

from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import ColumnElement, Connection, select, update

from routing.ledger import LOOK
from routing.undelivered import BACK, CAME_BACK
from storage.tables.outbox import JobState, outbox

EMPTY: Final = "{}"


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


def _looking(payload: str, *, looks: bool) -> str:
    """The payload, which says whether the work is only to be looked up, and no longer that it came
    back, but how often it did: a carrier that repeats no request of the same key is asked anew."""
    fields = {name: value for name, value in orjson.loads(payload).items() if name != LOOK}
    if fields.pop(BACK, None) is not None:
        fields[CAME_BACK] = fields.get(CAME_BACK, 0) + 1
    return orjson.dumps(fields | ({LOOK: True} if looks else {})).decode()
