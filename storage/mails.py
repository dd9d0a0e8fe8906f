"""Mails that the console delivery wrote instead of sending. What they say of a case goes with it:
when its caller becomes anonymous (`effects`), and with its sound (`retention`). Implements
`routing.ports.SentMails`."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from routing.cases.case import Confidentiality
from routing.delivery.letter import parts_of
from routing.ports import SentMail
from storage.engine import Database
from storage.tables.cases import cases
from storage.tables.outbox import mails

SHOWN: Final = 100


class StoredMails:
    """The latest mails of a demonstration."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, mail: SentMail) -> None:
        """Keep one; the same id again changes nothing. One that was written before its caller
        became anonymous, and comes after, is dropped."""
        row = insert(mails).values(
            id=mail.id, recipient=mail.to, subject=mail.subject, body=mail.text, at=mail.at
        )

        def keep(unit: Connection) -> None:
            if not (mail.named and _hidden(unit, mail.id)):
                unit.execute(row.on_conflict_do_nothing())

        await self._database.brief(keep)

    async def mails(self) -> Sequence[SentMail]:
        """The latest ones, newest first."""
        query = select(mails).order_by(mails.c.at.desc(), mails.c.id.desc()).limit(SHOWN)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [SentMail(r.id, r.recipient, r.subject, r.body, r.at) for r in rows]


def _hidden(unit: Connection, mail: str) -> bool:
    """Whether its case is no longer a named one; whoever seals it at this moment waits for us."""
    parts = parts_of(mail)
    if parts is None:
        return False
    whose = select(cases.c.confidentiality).where(cases.c.reference == parts[1])
    found = unit.execute(whose.with_for_update()).scalar()
    return found is not None and found != Confidentiality.NAMED.value
