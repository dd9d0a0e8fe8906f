"""A session that somebody ended keeps its row for a day, as one that ran out does: a form that was
open in it is not lost."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The version before knows no mark: those that are ended run out at that moment, too,
    by the clock of whoever ended them."""
    mark: sa.Column[bool] = sa.Column(
        "ended", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("sessions", mark)


def downgrade() -> None:
    """Back. What was ended stays ended."""
    op.execute(sa.text("DELETE FROM sessions WHERE ended"))
    with op.batch_alter_table("sessions") as table:
        table.drop_column("ended")
