"""The calls that we place."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "outgoing",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=True),
        sa.Column("sid", sa.String(length=64), nullable=True),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("phrase", sa.String(length=64), nullable=False),
        sa.Column("slots", sa.Text(), nullable=True),
        sa.Column("ordered", sa.DateTime(), nullable=False),
        sa.Column("asked", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("told", sa.DateTime(), nullable=True),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing")),
        sa.UniqueConstraint("account", "sid", name=op.f("uq_outgoing_account_sid")),
    )
    op.create_index("ix_outgoing_ordered", "outgoing", ["ordered"])


def downgrade() -> None:
    """Back."""
    op.drop_table("outgoing")
