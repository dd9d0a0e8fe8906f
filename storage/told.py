"""Which words went out with the work that tells a case first: noted in its payload with the end of
each try, and read before words follow by themselves. Used by `outbox` and `cases`."""

from collections.abc import Mapping
from typing import Any, Final, cast

import orjson
from sqlalchemy import bindparam, or_, select

from routing.delivery.further import channel_key
from routing.delivery.letter import News, news_id
from routing.ports import FirstTold, Job, JobKind
from storage.again import EMPTY
from storage.beneath import Read
from storage.engine import Database
from storage.moves import arrived_key
from storage.tables.outbox import JobState, outbox

HELD: Final = "held"
"""In a payload: the marks of the words that went out, each time that anything may have."""
UNSENT: Final = "unsent"
"""The attempt up to which surely nothing went out."""
_TELLING: Final = frozenset({JobKind.TELL_OFFICE, JobKind.TELL_CHANNEL})
_STANDS: Final = (outbox.c.state, outbox.c.payload)
BY_MAIL: Final = Read(
    select(*_STANDS).where(
        or_(
            outbox.c.key == bindparam("told"),
            outbox.c.key.between(bindparam("moved"), bindparam("last")),
        )
    )
)
BY_CHANNEL: Final = Read(
    select(*_STANDS).where(outbox.c.key.between(bindparam("told"), bindparam("last")))
)
"""Also those of a case that has moved, whose keys go on from the first one's."""


def once_done(job: Job) -> str:
    """The payload of a job that is done: nothing that says anything of people."""
    found = _surely(job)
    return orjson.dumps({HELD: sorted(found)}).decode() if found else EMPTY


def after_a_try(job: Job) -> Mapping[str, Any]:
    """What else is to be written of a job that is to be tried again."""
    if job.kind not in _TELLING or not _is_first(job):
        return {}
    noted = {HELD: sorted(_surely(job))} if job.went_out else {UNSENT: job.attempts}
    return {"payload": orjson.dumps({**job.payload, **noted}).decode()}


def _is_first(job: Job) -> bool:
    """Whether nothing went out before this attempt. Where one was cut off, it may have."""
    return job.payload.get(UNSENT, 0) == job.attempts - 1


def _surely(job: Job) -> frozenset[str]:
    """What each message held. One that is repeated may be dropped by whoever knows its id, so the
    first counts as well as the last."""
    if not job.went_out:
        return frozenset()
    now = frozenset.intersection(*job.went_out)
    return now if _is_first(job) else now & frozenset(cast("list[str]", job.payload.get(HELD, [])))


async def first_told(database: Database, reference: str, channel: str) -> FirstTold | None:
    """By this channel, else by mail; None where no such work is kept."""
    if channel:
        told = channel_key(channel, news_id(News.CASE, reference))
        rows = await database.look(BY_CHANNEL, told=told, last=f"{told}~")
    else:
        moved = arrived_key(reference)  # those of further moves go on from it
        keys = {"told": f"tell:{reference}", "moved": moved, "last": f"{moved}~"}
        rows = await database.look(BY_MAIL, **keys)
    if not rows:
        return None
    done = [row for row in rows if row.state == JobState.DONE.value]
    marks = frozenset(mark for row in done for mark in orjson.loads(row.payload).get(HELD, ()))
    waiting = {JobState.READY.value, JobState.SENDING.value}
    return FirstTold(any(row.state in waiting for row in rows), marks)
