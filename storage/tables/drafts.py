"""The draft, and how plans came to be published: by whom, why, from when, and by whom seconded."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from storage.tables.base import METADATA, Instant

draft_changes = Table(
    "draft_changes",
    METADATA,
    Column("kind", String(32), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("body", Text),  # JSON; none where the entity is to be removed
    Column("base", Text),  # JSON; none where it is new
    Column("over_plan", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("account", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)

draft_revision = Table(
    "draft_revision",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("revision", Integer, nullable=False),
)

releases = Table(
    "releases",
    METADATA,
    Column("number", Integer, ForeignKey("plans.number"), primary_key=True, autoincrement=False),
    Column("way", String(16), nullable=False),  # a routing.publishing.Way
    Column("account", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("of_plan", Integer),  # the plan whose body came back
    Column("confirm_by", Instant),  # where a second person has to look at it afterwards
    Column("second", String(64)),
    Column("second_name", String(64)),
    Column("second_at", Instant),
    Index("ix_releases_confirm_by", "confirm_by"),
)

proposals = Table(
    "proposals",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("state", String(16), nullable=False),  # a routing.publishing.ProposalState
    Column("sha256", String(64), nullable=False),
    Column("changes", Text, nullable=False),  # JSON: what it is composed of
    Column("over_plan", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("account", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("starts", Instant),
    Column("second", String(64)),
    Column("second_name", String(64)),
    Column("second_at", Instant),
    Column("number", Integer),  # under which it was published
    Column("why", Text),  # it was not
    Index("ix_proposals_state_starts", "state", "starts"),
)
