"""The ledger of what must follow a call: what is missing, who sweeps, and which calls go on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "gaps",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=8), nullable=True),
        sa.Column("aside", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_gaps")),
    )
    op.create_table(
        "rounds",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("listed", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rounds")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.add_column(
        "calls",
        sa.Column("ended", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(
        "UPDATE calls SET ended = true"
        " WHERE EXISTS (SELECT 1 FROM call_ends WHERE call_ends.call_id = calls.id)"
    )
    op.drop_index("ix_calls_started", table_name="calls")
    op.create_index(
        "ix_calls_live_started",
        "calls",
        ["started"],
        sqlite_where=sa.text("ended = 0"),
        postgresql_where=sa.text("NOT ended"),
    )
    op.create_index(
        "ix_outbox_dead_finished",
        "outbox",
        ["finished"],
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_outbox_dead_finished", table_name="outbox")
    op.drop_index("ix_calls_live_started", table_name="calls")
    op.create_index("ix_calls_started", "calls", ["started"])
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_column("ended")
    op.drop_table("leases")
    op.drop_table("rounds")
    op.drop_table("gaps")
