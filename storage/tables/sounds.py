"""Kept audio as rows, on PostgreSQL, where replicas share no folder (design §3, Audio)."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from storage.tables.base import METADATA, Instant

sounds = Table(
    "sounds",
    METADATA,
    Column("sid", String(64), primary_key=True),
    Column("part", String(32), nullable=False),  # whose chunks it is made of
    Column("size", Integer, nullable=False),  # bytes
    Index("ix_sounds_part", "part"),
)

sound_chunks = Table(
    "sound_chunks",
    METADATA,
    Column("part", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_sound_chunks_at", "at"),
)
