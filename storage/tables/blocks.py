"""Who is turned away before a call is answered, until when and why; and who decided it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from storage.tables.base import METADATA, Instant

blocks = Table(
    "blocks",
    METADATA,
    Column("caller", String(64), primary_key=True),  # keyed digest
    Column("number", LargeBinary, nullable=False),  # sealed
    Column("tail", String(2), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("last_hit", Instant),
)

block_events = Table(
    "block_events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("caller", String(64), nullable=False),  # keyed digest
    Column("tail", String(2), nullable=False),
    Column("action", String(16), nullable=False),  # a storage.blocks.Change
    Column("reason", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires", Instant),  # until when, after the change
    Column("hits", Integer, nullable=False),  # up to the change
    Index("ix_block_events_at", "at"),
)
