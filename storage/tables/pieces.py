"""Words of a recording as the carrier hears them, piece by piece, until they are one transcript."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from storage.tables.base import METADATA, Instant

pieces = Table(
    "transcript_pieces",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("session", String(64), primary_key=True),  # the carrier's id of the listening
    Column("track", String(32), primary_key=True),
    Column("sequence", Integer, primary_key=True),  # ordered within a track only
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_transcript_pieces_at", "at"),
)
