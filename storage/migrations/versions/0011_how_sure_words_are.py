"""How sure an engine is of its words, by phrases, beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What stands already tells nothing of it."""
    op.add_column("transcripts", sa.Column("confidence", sa.Float()))
    op.add_column("transcripts", sa.Column("phrases", sa.Text()))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("transcripts", schema=None) as batch_op:
        batch_op.drop_column("phrases")
        batch_op.drop_column("confidence")
