"""Whose preview of a file brought a recording that nothing else has: the next takes its place."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What the version before keeps is a week's, as it was."""
    op.add_column("prompt_sounds", sa.Column("previewed_by", sa.String(32), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("prompt_sounds") as table:
        table.drop_column("previewed_by")
