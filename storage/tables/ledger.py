"""The ledger's rows: what is missing, how the last sweep went, and who has which duty now."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from storage.tables.base import METADATA, Instant

gaps = Table(
    "gaps",
    METADATA,
    Column("kind", String(16), primary_key=True),  # a routing.ledger.GapKind
    Column("subject", String(64), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("why", String(16), nullable=False),
    Column("tried", Integer, nullable=False),
    Column("tried_at", Instant),
    Column("told", Text, nullable=False),
    Column("reference", String(8)),
    Column("aside", Boolean, nullable=False),  # a person has seen to it
)

rounds = Table(
    "rounds",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("mended", Integer, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("listed", Instant),  # the carrier's recordings are known up to here
)

leases = Table(
    "leases",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", BigInteger, nullable=False),  # seconds of the database's own clock
)
