"""The calls that we place. Number and words are there only until the call is over."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.tables.base import METADATA, Instant

outgoing = Table(
    "outgoing",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("account", String(64)),
    Column("sid", String(64)),  # the carrier's, once it is known
    Column("sure", Boolean, nullable=False),  # or only found in its list
    Column("line", String(64), nullable=False),  # the published number that rings
    Column("number", LargeBinary),  # sealed; dropped at the end
    Column("language", String(8), nullable=False),
    Column("phrase", String(64), nullable=False),
    Column("slots", Text),  # dropped at the end
    Column("ordered", Instant, nullable=False),
    Column("asked", Instant),  # and nobody said what became of it
    Column("status", String(16)),  # a CallStatus
    Column("sequence", Integer),
    Column("told", Instant),
    Column("ended", Instant),
    Column("seconds", Integer),
    Column("call_id", String(64)),  # the call whose caller waits, where it rings for one
    Column("turn", Integer),  # which that call waits for
    Column("leg", Integer),  # which of its targets it rings
    Column("rings", Integer),  # seconds
    Column("dismissed", Instant),  # when it was told that it was too late
    UniqueConstraint("account", "sid"),
    Index("ix_outgoing_call_id_turn", "call_id", "turn"),
    Index("ix_outgoing_ordered", "ordered"),
)
