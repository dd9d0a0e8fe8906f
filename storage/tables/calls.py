"""Calls, their steps, ends and legs: what resuming needs, and the contact that remains."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from storage.tables.base import METADATA, Instant

calls = Table(
    "calls",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("sid", String(64), nullable=False),
    Column("dialled", String(64), nullable=False),
    Column("plan", Integer, nullable=False),
    Column("started", Instant, nullable=False),
    Column("ended", Boolean, nullable=False, default=False, server_default=false()),
    UniqueConstraint("account", "sid"),
    Index("ix_calls_live_started", "started", sqlite_where=text("ended = 0"),
          postgresql_where=text("NOT ended")),
)  # fmt: skip

steps = Table(
    "steps",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("event", LargeBinary),  # dropped an hour after the end
    Column("state", LargeBinary),  # the call after the turn; dropped likewise
    Column("reply", LargeBinary),  # dropped likewise
    Column("attempt", Integer, nullable=False, default=0),
)

call_ends = Table(
    "call_ends",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id"), primary_key=True),
    Column("end", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("seconds", Integer),
    Column("forgotten", Boolean, nullable=False, default=False),
    Index("ix_call_ends_forgotten_at", "forgotten", "at"),
)

leg_answers = Table(
    "leg_answers",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("leg", Integer, primary_key=True),
    Column("accepted", Boolean, nullable=False),
    Column("official", String(64)),  # the published number whose holder answered
    Column("at", Instant, nullable=False),
    Index("ix_leg_answers_official_at", "official", "at"),
)

joins = Table(
    "joins",  # who may join the caller whom several phones were rung for, once for each turn
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("leg", Integer),  # of the first who accepted; none where nobody may any more
    Column("at", Instant, nullable=False),
    Index("ix_joins_at", "at"),
)

rings = Table(
    "rings",
    METADATA,
    Column("call_id", String(64), ForeignKey("calls.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),  # whose leg_answers say whether it was taken
    Column("phone", String(64), primary_key=True),  # keyed digest: it is a person's own number
    Column("at", Instant, nullable=False),
    Index("ix_rings_phone_at", "phone", "at"),
    Index("ix_rings_at", "at"),
)

tokens = Table(
    "tokens",
    METADATA,
    Column("official", String(64), primary_key=True),  # whose live calls are bounded
    Column("bucket", String(48), primary_key=True),  # of a day, a call hour, or escalations
    Column("number", Integer, primary_key=True),
    Column("call_id", String(64), ForeignKey("calls.id"), nullable=False),
    Column("turn", Integer, nullable=False),  # whose leg_answers say whether it was used
    Column("at", Instant, nullable=False),
    Index("ix_tokens_call_id_turn", "call_id", "turn"),
    Index("ix_tokens_at", "at"),
)

duties = Table(
    "duties",
    METADATA,
    Column("call_id", String(64), primary_key=True),  # of a call that may not be kept yet
    Column("turn", Integer, primary_key=True),
    Column("roster", String(32), primary_key=True),
    Column("member", String(32), nullable=False),  # whose turn it was
    Column("at", Instant, nullable=False),
    Index("ix_duties_roster_at", "roster", "at"),
    Index("ix_duties_at", "at"),
)

verdicts = Table(
    "verdicts",
    METADATA,
    Column("day", String(10), primary_key=True),
    Column("dialled", String(64), primary_key=True),
    Column("verdict", String(24), primary_key=True),
    Column("count", Integer, nullable=False),
)

strays = Table(
    "strays",
    METADATA,
    Column("day", String(10), primary_key=True),
    Column("event", String(32), primary_key=True),
    Column("count", Integer, nullable=False),
)

plans = Table(
    "plans",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("body", Text, nullable=False),  # JSON; many rules are named in it by their parts' hashes
    Column("published", Instant, nullable=False),
)

plan_parts = Table(
    "plan_parts",
    METADATA,
    Column("sha256", String(64), primary_key=True),  # of the text
    Column("packed", LargeBinary, nullable=False),
)

settings = Table(
    "settings",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
