"""Where the rules sent each matter, and what was known of it then: nothing of the caller."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from storage.tables.base import METADATA, Instant

decisions = Table(
    "decisions",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("plan", Integer, nullable=False),
    Column("facts", Text, nullable=False),  # JSON, of routing.rules.condition.Facts
    Column("rule", String(128), nullable=False),
    Column("office", String(64), nullable=False),
    Column("how", String(16), nullable=False),
    Column("confidential", Boolean, nullable=False),
    Index("ix_decisions_at", "at"),
)
