"""The rules of large plans, in parts that several plans share. Bodies that were stored whole stay
as they are, and are read as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The version before cannot use a plan whose rules are in parts: it goes on with its
    own last one and says so."""
    op.create_table(
        "plan_parts",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_plan_parts")),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("plan_parts")
