"""A case keeps what else the rules were asked: the first key of the topic menu, and whether a kind
was said. Without them "why did this call go there" named another rule than the one that decided."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Of older cases neither is known: they are explained as before."""
    op.add_column("cases", sa.Column("topic_group", sa.Integer()))
    said: sa.Column[bool] = sa.Column(
        "kind_said", sa.Boolean(), nullable=False, server_default=sa.true()
    )
    op.add_column("cases", said)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("cases") as table:
        table.drop_column("kind_said")
        table.drop_column("topic_group")
