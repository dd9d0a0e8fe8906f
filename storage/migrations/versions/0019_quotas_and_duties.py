"""Tokens of officials' live calls, and whose turn it was on a duty roster."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The version before neither reads nor writes them."""
    op.create_table(
        "tokens",
        sa.Column("official", sa.String(length=64), nullable=False),
        sa.Column("bucket", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_tokens_call_id_calls")),
        sa.PrimaryKeyConstraint("official", "bucket", "number", name=op.f("pk_tokens")),
    )
    op.create_index("ix_tokens_call_id_turn", "tokens", ["call_id", "turn"])
    op.create_index("ix_tokens_at", "tokens", ["at"])
    op.create_table(
        "duties",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("roster", sa.String(length=32), nullable=False),
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "turn", "roster", name=op.f("pk_duties")),
    )
    op.create_index("ix_duties_roster_at", "duties", ["roster", "at"])
    op.create_index("ix_duties_at", "duties", ["at"])


def downgrade() -> None:
    """Back."""
    op.drop_table("duties")
    op.drop_table("tokens")
