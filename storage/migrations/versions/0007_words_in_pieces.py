"""Words of a recording, piece by piece; and a call's recordings found without looking at all."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "transcript_pieces",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("track", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_transcript_pieces_call_id_calls")
        ),
        sa.PrimaryKeyConstraint(
            "call_id",
            "turn",
            "session",
            "track",
            "sequence",
            name=op.f("pk_transcript_pieces"),
        ),
    )
    op.create_index("ix_transcript_pieces_at", "transcript_pieces", ["at"])
    op.create_index("ix_recordings_call_id_turn", "recordings", ["call_id", "turn"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_recordings_call_id_turn", "recordings")
    op.drop_table("transcript_pieces")
