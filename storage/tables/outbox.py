"""The outbox: durable work, enqueued in the transaction that made it necessary (design §6);
and the mails that the console delivery writes instead of sending."""

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.base import METADATA, Instant


class JobState(StrEnum):
    """How a job stands."""

    READY = "ready"
    """due at its time, or claimed until its lease ends"""
    SENDING = "sending"
    """the same, and its request may have gone out"""
    DONE = "done"
    DEAD = "dead"
    """given up; a person has to look"""


KEY: Final = String(128).with_variant(String(128, collation="C"), "postgresql")
"""Keys are looked for by their beginning, in the order of their bytes, whatever the database's
own language."""

outbox = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("key", KEY),  # makes the work once only
    Column("reference", String(8)),  # the case it speaks of, so that anonymity can delete it
    Column("payload", Text, nullable=False),
    Column("state", String(16), nullable=False),  # a JobState
    Column("attempts", Integer, nullable=False),  # claims: whoever has the latest may finish it
    Column("failures", Integer, nullable=False, server_default=text("0")),  # of the far side
    Column("holder", BigInteger),  # the replica that has it in hand
    Column("run_at", Instant, nullable=False),
    Column("enqueued", Instant, nullable=False),
    Column("finished", Instant),
    Column("error", Text),
    UniqueConstraint("key"),
    Index("ix_outbox_ready_run_at", "run_at", sqlite_where=text("state IN ('ready', 'sending')"),
          postgresql_where=text("state IN ('ready', 'sending')")),
    Index("ix_outbox_dead_finished", "finished", sqlite_where=text("state = 'dead'"),
          postgresql_where=text("state = 'dead'")),
    Index("ix_outbox_reference", "reference"),
    sqlite_autoincrement=True,  # a number in hand is never another job's
)  # fmt: skip

mails = Table(
    "mails",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("recipient", String(256), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_mails_at", "at"),
)
