"""Mails that the console delivery wrote instead of sending.
Implements `routing.ports.SentMails`."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from routing.ports import SentMail
from storage.engine import Database
from storage.tables.outbox import mails

SHOWN: Final = 100


class StoredMails:
    """The latest mails of a demonstration."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, mail: SentMail) -> None:
        """Keep one; the same id again changes nothing."""
        row = insert(mails).values(
            id=mail.id, recipient=mail.to, subject=mail.subject, body=mail.text, at=mail.at
        )
        await self._database.brief(lambda unit: unit.execute(row.on_conflict_do_nothing()))

    async def mails(self) -> Sequence[SentMail]:
        """The latest ones, newest first."""
        query = select(mails).order_by(mails.c.at.desc(), mails.c.id.desc()).limit(SHOWN)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [SentMail(r.id, r.recipient, r.subject, r.body, r.at) for r in rows]
