"""Recorded sentences that an admin uploaded, each under the hash of its sound."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The version before neither reads nor writes them."""
    op.create_table(
        "prompt_sounds",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("wav", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_prompt_sounds")),
    )
    op.create_index("ix_prompt_sounds_published_at", "prompt_sounds", ["published", "at"])


def downgrade() -> None:
    """Back."""
    op.drop_table("prompt_sounds")
