"""How the texts went that the carrier took: each forward only, by the carrier's id.
Implements `ivr.ports.texts.Receipts`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from ivr.flow.receipt import Receipt, TextStatus, further
from routing.ports import Job
from storage.came_back import come_back
from storage.engine import Database
from storage.sealing import Sealing
from storage.tables.texts import texts


class StoredTexts:
    """One row a text that was taken. What it would be sent again with is sealed: it holds a number,
    and may hold a PIN."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    def keep(
        self, unit: Connection, job: Job, sid: str, reference: str | None, now: datetime
    ) -> None:
        """Inside brief work: the carrier's answer names the text of this job. What was told of it
        before that counts from now on."""
        row = insert(texts).values(sid=sid, status=TextStatus.QUEUED.value, at=now)
        unit.execute(row.on_conflict_do_nothing(index_elements=["sid"]))
        known = self._locked(unit, sid)
        if known is None or known.job is not None:
            return
        payload = self._sealing.seal(orjson.dumps(dict(job.payload)).decode())
        mine = {"job": job.id, "reference": reference, "payload": payload}
        unit.execute(update(texts).where(texts.c.sid == sid).values(mine))
        self._end(unit, self._locked(unit, sid), now)

    async def told(self, receipt: Receipt, at: datetime) -> None:
        """Keep how far it has come."""
        status = TextStatus.ACCEPTED.value
        row = insert(texts).values(sid=receipt.sid, status=status, at=at)
        reached = {"status": receipt.status.value, "code": receipt.code or None}
        mine = texts.c.sid == receipt.sid

        def move(unit: Connection) -> None:
            unit.execute(row.on_conflict_do_nothing(index_elements=["sid"]))
            known = self._locked(unit, receipt.sid)
            if known is None or not further(TextStatus(known.status), receipt.status):
                return
            unit.execute(update(texts).where(mine).values(reached))
            self._end(unit, self._locked(unit, receipt.sid), at)

        await self._database.brief(move)

    async def awaited(self, sid: str) -> bool:
        """Whether nobody has told how it ended."""
        rows = await self._database.read(select(texts.c.status).where(texts.c.sid == sid))
        return any(not TextStatus(row.status).over for row in rows)

    async def closed(self, sid: str) -> None:
        """Nobody will tell any more."""
        await self._database.brief(lambda unit: _drop(unit, sid))

    def _locked(self, unit: Connection, sid: str) -> Row[Any] | None:
        query = select(texts).where(texts.c.sid == sid).with_for_update()
        found: Row[Any] | None = unit.execute(query).one_or_none()
        return found

    def _end(self, unit: Connection, row: Row[Any] | None, now: datetime) -> None:
        """At its end it has arrived, or is work for people."""
        if row is None or row.job is None or not TextStatus(row.status).over:
            return
        if TextStatus(row.status).lost and row.payload is not None:
            payload: Mapping[str, Any] = orjson.loads(self._sealing.open(row.payload))
            come_back(unit, row.job, payload, f"sms.{row.code or ''}", now)
        _drop(unit, row.sid)


def _drop(unit: Connection, sid: str) -> None:
    """What it would be sent again with."""
    unit.execute(update(texts).where(texts.c.sid == sid).values(payload=None))
