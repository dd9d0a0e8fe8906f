"""Which people's phones rang, so that none rings without end."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "rings",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_rings_call_id_calls")),
        sa.PrimaryKeyConstraint("call_id", "turn", name=op.f("pk_rings")),
    )
    op.create_index("ix_rings_phone_at", "rings", ["phone", "at"])
    op.create_index("ix_rings_at", "rings", ["at"])


def downgrade() -> None:
    """Back."""
    op.drop_table("rings")
