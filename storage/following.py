"""Work that follows from a job: taken on in the transaction that notes the job's end, once for each
key and within its share. Beneath `finished`."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, literal_column, select, update

from routing.ports import NewJob
from storage.beneath import Read, Written
from storage.tables.outbox import JobState, outbox
from storage.writes import ADD_JOB, TEXT, job_row

KNOWN: Final = Read(select(outbox.c.id).where(outbox.c.key == bindparam("its_key")))
FORWARD: Final = Written(
    update(outbox)
    .where(
        outbox.c.kind == bindparam("its_kind"),
        outbox.c.reference == bindparam("its_case"),
        outbox.c.state == literal_column(f"'{JobState.READY.value}'"),
        outbox.c.attempts == 0,
        outbox.c.run_at > bindparam("its_time", type_=outbox.c.run_at.type),
    )
    .values(
        run_at=bindparam("its_time", type_=outbox.c.run_at.type),
        enqueued=bindparam("its_time", type_=outbox.c.run_at.type),
    )
)
"""What nobody has begun of a kind and a case, brought forward."""


def shares(jobs: Sequence[NewJob]) -> frozenset[str]:
    """Whose turn is to be taken before any of these is added (`Database.take_turns`)."""
    return frozenset(job.share.prefix for job in jobs if job.share is not None)


def add(unit: Connection, jobs: Sequence[NewJob]) -> list[str]:
    """Take them on; returns the keys of what was turned away. What was there before stays."""
    return [job.key for job in jobs if not _added(unit, job)]


def _added(unit: Connection, job: NewJob) -> bool:
    """Whether the job is there now."""
    row = job_row(job.kind, job.payload, job.key, job.at, job.reference)
    if job.share is not None:
        prefix, most = job.share.prefix, job.share.most
        bound = {"first_key": prefix, "last_key": f"{prefix}~", "most": most}
        new = TEXT.on(unit, bound | {f"new_{name}": value for name, value in row.items()})
        return new > 0 or bool(KNOWN.on(unit, {"its_key": job.key}))
    ADD_JOB.on(unit, row)
    if job.sooner:
        FORWARD.on(
            unit, {"its_kind": job.kind.value, "its_case": job.reference, "its_time": job.at}
        )
    return True
