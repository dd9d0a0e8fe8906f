"""How cases came from office to office, and back."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: what was sorted before is the first move of its case. The version before sorts as it
    did, and knows of no way back."""
    op.create_table(
        "case_moves",
        sa.Column("reference", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"], ["cases.reference"], name=op.f("fk_case_moves_reference_cases")
        ),
        sa.PrimaryKeyConstraint("reference", "number", name=op.f("pk_case_moves")),
    )
    op.execute(
        "INSERT INTO case_moves (reference, number, way, before, after, topic, at)"
        " SELECT s.reference, 1, CASE WHEN s.recording = '' THEN 'person' ELSE 'words' END,"
        " COALESCE(s.came_from, c.office), c.office, c.topic, s.at"
        " FROM case_sortings s JOIN cases c ON c.reference = s.reference WHERE s.why IS NULL"
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("case_moves")
