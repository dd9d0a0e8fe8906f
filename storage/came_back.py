"""Work that was done and whose message came back: it is given up after all, loudly, and never sent
again by itself. Used by `texts` and `bounces`, inside their own transactions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, update

from routing.undelivered import BACK, SAID, meaning
from storage.tables.outbox import JobState, outbox


def come_back(
    unit: Connection, job: int, payload: Mapping[str, Any], code: str, now: datetime
) -> bool:
    """Give it up, with what it needs to be sent again. Whoever has it in hand just now finds the
    claim gone. False where there is no such work, or it was given up already."""
    alive = (outbox.c.id == job, outbox.c.state != JobState.DEAD.value)
    values = {
        "state": JobState.DEAD.value,
        "payload": orjson.dumps({**payload, BACK: code}).decode(),
        "finished": now,
        "error": sentence(code),
        "holder": None,
    }
    claim = {"attempts": outbox.c.attempts + 1}
    return bool(unit.execute(update(outbox).where(*alive).values(**values, **claim)).rowcount)


def sentence(code: str) -> str:
    """Why, in our own words, with the far side's number."""
    found, number = meaning(code), code.partition(".")[2]
    told = SAID[found] if found is not None else "it reached nobody"
    return f"it was sent and did not arrive: {told}{f' ({number})' if number else ''}"
