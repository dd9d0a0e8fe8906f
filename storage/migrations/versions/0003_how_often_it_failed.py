"""How often a job failed, apart from how often it was claimed: a kill or a full disk is no try."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A job that waits has failed at every claim before."""
    failures = sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False)
    op.add_column("outbox", failures)
    op.execute("UPDATE outbox SET failures = attempts WHERE error IS NOT NULL")


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("failures")
