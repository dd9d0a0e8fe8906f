"""Calls that are placed for a caller who waits, who of them may join, and several phones of a turn
that rang."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None

COPIED = "call_id, turn, phone, at"


def upgrade() -> None:
    """Forward. The version before writes one row a turn into `rings`, which still fits."""
    for name, kind in (
        ("call_id", sa.String(length=64)),
        ("turn", sa.Integer()),
        ("leg", sa.Integer()),
        ("rings", sa.Integer()),
    ):
        op.add_column("outgoing", sa.Column(name, kind, nullable=True))
    op.create_index("ix_outgoing_call_id_turn", "outgoing", ["call_id", "turn"])
    op.create_table(
        "joins",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_joins_call_id_calls")),
        sa.PrimaryKeyConstraint("call_id", "turn", name=op.f("pk_joins")),
    )
    op.create_index("ix_joins_at", "joins", ["at"])
    _rings("call_id", "turn", "phone")


def downgrade() -> None:
    """Back. Of several phones of a turn one stays noted."""
    op.execute(
        "DELETE FROM rings WHERE EXISTS (SELECT 1 FROM rings AS other"
        " WHERE other.call_id = rings.call_id AND other.turn = rings.turn"
        " AND other.phone < rings.phone)"
    )
    _rings("call_id", "turn")
    op.drop_table("joins")
    op.drop_index("ix_outgoing_call_id_turn", table_name="outgoing")
    for name in ("rings", "leg", "turn", "call_id"):
        op.drop_column("outgoing", name)


def _rings(*key: str) -> None:
    """The table under another key, with what it held."""
    op.drop_index("ix_rings_phone_at", table_name="rings")
    op.drop_index("ix_rings_at", table_name="rings")
    op.rename_table("rings", "rings_before")
    if (
        op.get_bind().dialect.name == "postgresql"
    ):  # on SQLite names of constraints are a table's own
        op.execute("ALTER TABLE rings_before RENAME CONSTRAINT pk_rings TO pk_rings_before")
    op.create_table(
        "rings",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_rings_call_id_calls")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_rings")),
    )
    op.execute(f"INSERT INTO rings ({COPIED}) SELECT {COPIED} FROM rings_before")  # noqa: S608 - our own names
    op.drop_table("rings_before")
    op.create_index("ix_rings_phone_at", "rings", ["phone", "at"])
    op.create_index("ix_rings_at", "rings", ["at"])
