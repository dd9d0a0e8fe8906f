"""The audit: a chain of links that is only ever added to (triggers refuse the rest on both
databases), and the values of each, which can be erased."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from storage.tables.base import METADATA, Instant

audit = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("actor", String(64), nullable=False),
    Column("action", String(32), nullable=False),  # a routing.audit.Action
    Column("subject", String(128), nullable=False),
    Column("at", Instant, nullable=False),
    Column("salted", String(64), nullable=False),  # SHA-256 of salt and values
    Column("before", String(64), nullable=False),  # the hash of the link before
    Column("hash", String(64), nullable=False),
    Index("ix_audit_at", "at"),
    Index("ix_audit_actor_number", "actor", "number"),
    Index("ix_audit_action_number", "action", "number"),
    Index("ix_audit_subject_number", "subject", "number"),
)

audit_values = Table(
    "audit_values",
    METADATA,
    Column("number", ForeignKey("audit.number"), primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),  # goes with the values: they cannot be guessed
    Column("kept", Text, nullable=False),  # JSON, numbers masked
)
