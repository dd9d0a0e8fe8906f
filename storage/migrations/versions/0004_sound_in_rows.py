"""Sound in rows, for replicas that share no folder."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "sounds",
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sid", name=op.f("pk_sounds")),
    )
    op.create_index("ix_sounds_part", "sounds", ["part"])
    op.create_table(
        "sound_chunks",
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("part", "number", name=op.f("pk_sound_chunks")),
    )
    op.create_index("ix_sound_chunks_at", "sound_chunks", ["at"])


def downgrade() -> None:
    """Back."""
    op.drop_table("sound_chunks")
    op.drop_table("sounds")
