"""The steps of the ladder as rows of the outbox: each once, however often it is asked for.
Implements `routing.delivery.escalating.Steps`."""

from datetime import datetime

from sqlalchemy import Connection, Executable, update

from routing.ports import JobKind
from storage.engine import Database
from storage.outbox import in_state
from storage.tables.outbox import JobState, outbox
from storage.writes import ADD_JOB, job_row


class StoredEscalations:
    """One row a case and rung."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(
        self, reference: str, office: str, rung: int, at: datetime, *, sooner: bool
    ) -> None:
        """Have this rung told then. Where that is arranged already nothing changes, unless it is to
        be `sooner`: then it is not later than `at`."""
        key = f"escalate:{reference}:{rung}"
        payload = {"reference": reference, "office": office, "rung": rung}
        row = job_row(JobKind.ESCALATE, payload, key, at, reference)

        def arrange(unit: Connection) -> None:
            ADD_JOB.on(unit, row)
            if sooner:
                unit.execute(_forward(reference, at))

        await self._database.brief(arrange)


def _forward(reference: str, at: datetime) -> Executable:
    waiting = (outbox.c.kind == JobKind.ESCALATE.value, outbox.c.reference == reference)
    untouched = (in_state(JobState.READY), outbox.c.attempts == 0, outbox.c.run_at > at)
    return update(outbox).where(*waiting, *untouched).values(run_at=at, enqueued=at)
