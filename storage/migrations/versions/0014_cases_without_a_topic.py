"""How cases without a topic were sorted, or why a person has to."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The version before opens and reads cases as it did; it sorts none."""
    op.create_table(
        "case_sortings",
        sa.Column("reference", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("recording", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=True),
        sa.Column("came_from", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"], ["cases.reference"], name=op.f("fk_case_sortings_reference_cases")
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_case_sortings")),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("case_sortings")
