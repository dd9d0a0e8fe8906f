"""The texts of the last days, by the carrier's id: how far each has come, and, sealed until that
is known, what it would be sent again with."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from storage.tables.base import METADATA, Instant

texts = Table(
    "texts",
    METADATA,
    Column("sid", String(64), primary_key=True),
    Column("job", Integer),  # its work in the outbox, once the carrier's answer has named it
    Column("reference", String(8)),  # the case it speaks of, so that anonymity can delete it
    Column("status", String(24), nullable=False),  # a TextStatus
    Column("code", String(16)),
    Column("payload", LargeBinary),  # sealed; dropped once the text has arrived
    Column("at", Instant, nullable=False),
    Index("ix_texts_at", "at"),
    Index("ix_texts_reference", "reference"),
)
