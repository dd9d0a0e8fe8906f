"""Recorded sentences as rows on either database: they are published with a plan, which every
replica has, and are small (ADR 41)."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table

from storage.tables.base import METADATA, Instant

prompt_sounds = Table(
    "prompt_sounds",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("wav", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("published", Boolean, nullable=False),  # with some plan: then it is kept for good
    Column("previewed_by", String(32)),  # the account whose preview brought it, until it is taken
    Index("ix_prompt_sounds_published_at", "published", "at"),
)
