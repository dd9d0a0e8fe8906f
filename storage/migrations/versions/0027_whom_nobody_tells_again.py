"""When a phone was told that it came too late: it is not told again when what rings is stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The version before writes nothing there, and tells a phone twice as it did."""
    op.add_column("outgoing", sa.Column("dismissed", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("outgoing") as table:
        table.drop_column("dismissed")
