"""How the texts went that the carrier took."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The version before neither reads nor writes it."""
    op.create_table(
        "texts",
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("job", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(length=8), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sid", name=op.f("pk_texts")),
    )
    op.create_index("ix_texts_at", "texts", ["at"])
    op.create_index("ix_texts_reference", "texts", ["reference"])


def downgrade() -> None:
    """Back."""
    op.drop_table("texts")
