"""The published number that an official's account is for."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The version before neither reads nor writes it."""
    op.add_column("accounts", sa.Column("line", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("accounts", "line")
